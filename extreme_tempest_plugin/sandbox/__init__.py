#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.
"""The sandbox: a real small OpenStack in containers on this machine.

From the outside in:

``lifecycle``   up, down and status: the order of things
``preflight``   whether this machine can hold a sandbox
``layout``      every name and path that a sandbox uses
``topology``    which hosts there are
``services``    which services run on them
``image``       the root file system and the initialised hosts, cached
``network``     namespaces and the bridges that are the switch
``machine``     one host and its power button; ``board`` and ``supervisor``
                are the process behind the button
``teardown``    removing all of it, from names alone
``health``      whether the cloud answers
``plants``      known bugs that can be brought back; ``planting`` switches
                them, ``carriers`` sees which processes have them
``workspace``   what a user of the sandbox needs: tempest.conf, clouds.yaml
"""
