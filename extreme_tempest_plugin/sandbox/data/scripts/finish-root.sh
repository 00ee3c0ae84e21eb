#!/bin/sh -e
# Finishes the root file system that all hosts share. $1 is its directory.
# Runs at the end of mmdebstrap.
root=$1

# A user as operators have it; its key comes with each sandbox.
chroot "$root" useradd --create-home --shell /bin/bash stack
echo 'stack ALL=(ALL) NOPASSWD:ALL' > "$root/etc/sudoers.d/stack"
# rootwrap and privsep go through sudo and must find the virtual environment.
cat > "$root/etc/sudoers.d/path" <<'EOF'
Defaults secure_path="/opt/openstack/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
Defaults !requiretty
EOF
chmod 0440 "$root/etc/sudoers.d/stack" "$root/etc/sudoers.d/path"
echo 'export PATH=/opt/openstack/bin:$PATH' > "$root/etc/profile.d/openstack.sh"

# Services start when a role enables them, not because they are installed.
chroot "$root" systemctl disable \
  epmd.service haproxy keepalived mariadb memcached named \
  openvswitch-switch ovn-central ovn-host rabbitmq-server \
  rpcbind.service rpcbind.socket nfs-client.target e2scrub_reap
# What a container cannot use, or what would wake up by itself.
chroot "$root" systemctl mask \
  systemd-udevd systemd-udev-settle systemd-resolved systemd-networkd \
  systemd-networkd-wait-online systemd-timesyncd systemd-logind \
  getty.target console-getty.service sys-kernel-debug.mount \
  e2scrub_all.timer apt-daily.timer apt-daily-upgrade.timer \
  dpkg-db-backup.timer fstrim.timer
chroot "$root" systemctl enable ssh

# The userspace datapath needs no kernel module, and there is none to load.
printf '#!/bin/sh\nexit 0\n' > "$root/usr/share/openvswitch/scripts/ovs-kmod-ctl"

mkdir -p "$root/etc/systemd/journald.conf.d" "$root/var/log/journal"
cat > "$root/etc/systemd/journald.conf.d/sandbox.conf" <<'EOF'
[Journal]
Storage=persistent
SystemMaxUse=200M
RateLimitIntervalSec=0
Compress=no
EOF
echo 'UseDNS no' > "$root/etc/ssh/sshd_config.d/sandbox.conf"

# Each host makes its own keys, database and identity when it first boots.
rm -f "$root"/etc/ssh/ssh_host_*
cat > "$root/etc/systemd/system/ssh-host-keys.service" <<'EOF'
[Unit]
Description=SSH keys of this host
Before=ssh.service
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key

[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key

[Install]
WantedBy=ssh.service
EOF
chroot "$root" systemctl enable ssh-host-keys
rm -rf "$root/var/lib/mysql"
chroot "$root" install -d -o mysql -g mysql -m 0755 /var/lib/mysql
: > "$root/etc/machine-id"
rm -f "$root/var/lib/dbus/machine-id" "$root/etc/resolv.conf"
