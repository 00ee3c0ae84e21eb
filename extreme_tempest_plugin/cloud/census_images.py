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
"""Images after a storm, with what a download of each gives.

https://docs.openstack.org/api-ref/image/v2/#download-binary-image-data
"""

import dataclasses
import hashlib

from extreme_tempest_plugin.cloud import kinds
from extreme_tempest_plugin.cloud import listing
from extreme_tempest_plugin.cloud import ports

#: Bytes up to which the data of an image is downloaded, and images of which
#: it is, at most.
MOST_BYTES = 1_048_576
MOST = 200

#: Before Rocky glance has an MD5 and nothing else.
_OLD = 'md5'

#: Glance answers so where data is not to be had by us, or not now.
_HIDDEN = frozenset({403, 409})

#: And so for data that is not there any more.
_LOST = frozenset({404, 410})


def look(cloud: ports.Cloud) -> tuple[listing.Found, ...]:
    """The images of the project.

    The references of each are what glance says of its data (``size``, and
    the checksum by the name of its algorithm) and what a download of it
    gives (``data_size`` and so on; empty if it gives nothing). What is not
    active, too large or too many is not downloaded.

    :raises CallError: if they cannot be listed or downloaded.
    """
    left = MOST
    found = []
    for image in listing.found(cloud, kinds.BY_NAME['image']):
        refs = dict(image.refs)
        algorithm = refs.pop('algorithm', _OLD)
        checksum = refs.pop('checksum', '')
        if checksum:
            refs[algorithm] = checksum
        size = refs.get('size', '')
        small = size.isdecimal() and int(size) <= MOST_BYTES
        if image.state == 'active' and small and checksum and left:
            left -= 1
            refs.update(_data(cloud, image.id, algorithm))
        found.append(dataclasses.replace(image, refs=refs))
    return tuple(found)


def _data(cloud: ports.Cloud, image: str, algorithm: str) -> dict[str, str]:
    """Size and checksum of what a download gives."""
    size, checksum = 'data_size', f'data_{algorithm}'
    try:
        body = cloud.service('glance').get(f'v2/images/{image}/file').body
    except ports.CallError as error:
        if error.refusal.status in _LOST:
            return {size: '', checksum: ''}
        if error.refusal.status in _HIDDEN:
            return {}
        raise
    digest = hashlib.new(algorithm, body, usedforsecurity=False)
    return {size: str(len(body)), checksum: digest.hexdigest()}
