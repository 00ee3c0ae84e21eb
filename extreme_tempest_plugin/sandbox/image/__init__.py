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
"""The built image and its cache.

``mirrors`` and ``pipconfig`` take the package sources from this machine,
``build`` makes the root file system that all hosts share, ``initialise``
boots a topology once on it and keeps the ``layer`` of each host, ``golden``
is what must be known of them. ``store`` is the cache, keyed by ``digests``.
"""
