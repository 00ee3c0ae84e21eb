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
"""What Tempest loads. Wiring only."""

import os

from oslo_config import cfg
from tempest import config as tempest_config
from tempest.test_discover import plugins

from extreme_tempest_plugin import config


class ExtremeTempestPlugin(plugins.TempestPlugin):
    """Registers the options and the scenario tests with Tempest."""

    def load_tests(self) -> tuple[str, str]:
        package = os.path.dirname(os.path.abspath(__file__))
        return os.path.join(package, 'tests', 'scenario'), os.path.dirname(
            package
        )

    def register_opts(self, conf: cfg.ConfigOpts) -> None:
        for group, opts in config.GROUPS:
            tempest_config.register_opt_group(conf, group, opts)

    def get_opt_lists(self) -> list[tuple[str, list[cfg.Opt]]]:
        return [(group.name, opts) for group, opts in config.GROUPS]
