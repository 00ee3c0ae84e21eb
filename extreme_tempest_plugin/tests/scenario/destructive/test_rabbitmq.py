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
import pathlib

from tempest.lib import decorators

from extreme_tempest_plugin.tests.scenario.destructive import base


@decorators.serial
class RabbitmqRestartTest(base.DestructiveTest):
    """RabbitMQ is restarted under a storm, with every API watched."""

    services = ('nova',)
    plan_file = pathlib.Path(__file__).with_name('rabbitmq_restart.yaml')

    @decorators.attr(type='destructive')
    @decorators.idempotent_id('7a3c0f86-1c5b-4d3b-8a41-9f6f0c2b7e03')
    def test_rabbitmq_restart(self):
        self.run_campaign()


@decorators.serial
class RabbitmqDowntimeTest(base.DestructiveTest):
    """RabbitMQ is away for a while under a storm, with every API watched."""

    services = ('nova',)
    plan_file = pathlib.Path(__file__).with_name('rabbitmq_downtime.yaml')

    @decorators.attr(type='destructive')
    @decorators.idempotent_id('51a20e8b-24f0-4279-b236-2eadf750d286')
    def test_rabbitmq_downtime(self):
        self.run_campaign()


@decorators.serial
class RabbitmqNodeTest(base.DestructiveTest):
    """Nodes of RabbitMQ are away, one at a time."""

    services = ('nova',)
    plan_file = pathlib.Path(__file__).with_name('rabbitmq_node.yaml')
    clustered = True

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('82465467-f640-4097-807a-c22f0adad690')
    def test_rabbitmq_node(self):
        self.run_campaign()


@decorators.serial
class RabbitmqAlarmTest(base.DestructiveTest):
    """RabbitMQ takes no messages for a while."""

    services = ('nova',)
    plan_file = pathlib.Path(__file__).with_name('rabbitmq_alarm.yaml')

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('817ffa31-0b10-4429-a521-7e729f1eacd7')
    def test_rabbitmq_alarm(self):
        self.run_campaign()


@decorators.serial
class RabbitmqPartitionTest(base.DestructiveTest):
    """A node of RabbitMQ is cut off from the others, and nothing else is."""

    services = ('nova',)
    plan_file = pathlib.Path(__file__).with_name('rabbitmq_partition.yaml')
    clustered = True

    @decorators.attr(type=['slow', 'destructive'])
    @decorators.idempotent_id('a473b7f6-979f-4759-9c9d-01b7d48c98e6')
    def test_rabbitmq_partition(self):
        self.run_campaign()
