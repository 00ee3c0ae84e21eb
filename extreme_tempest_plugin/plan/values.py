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
"""What a value of a plan may be. Times are seconds."""

from typing import Annotated

import msgspec

#: Nothing here lasts longer than 100 days; above all, nothing lasts for ever.
MOST_SECONDS = 8_640_000.0

Seconds = Annotated[float, msgspec.Meta(ge=0, le=MOST_SECONDS)]
PositiveSeconds = Annotated[float, msgspec.Meta(gt=0, le=MOST_SECONDS)]
Interval = Annotated[float, msgspec.Meta(ge=0.02, le=MOST_SECONDS)]
BootInterval = Annotated[float, msgspec.Meta(ge=1.0, le=MOST_SECONDS)]
BootTimeout = Annotated[float, msgspec.Meta(ge=2.0, le=MOST_SECONDS)]
#: Between two faults; without one they would be without number.
Pause = Annotated[float, msgspec.Meta(ge=1.0, le=MOST_SECONDS)]
Count = Annotated[int, msgspec.Meta(ge=1, lt=2**31)]
Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]
Weight = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
Rate = Annotated[float, msgspec.Meta(gt=0, le=1e6)]
Processes = Annotated[int, msgspec.Meta(ge=1, le=1024)]

#: Part of the name of a directory.
Name = Annotated[
    str, msgspec.Meta(pattern=r'\A[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z')
]
