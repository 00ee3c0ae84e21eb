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
"""Lists: each must show what was there meanwhile, and nothing that was not.

A list of a kind of resource reads a set, to which a create adds an element
and from which a delete removes it. No operation writes two elements, so the
elements are registers of their own, "there" or "not there"; and a history of
registers has an order if and only if each of them alone has one (M. Herlihy
and J. Wing, "Linearizability: a correctness condition for concurrent
objects", ACM TOPLAS 12, 1990, theorem 1: linearizability is local). A list
reads many of them. It is taken for one read of each, any time between its
sending and its answer, so what is found is wrong in every order; two lists
that contradict each other only as a whole are not found.

An element is added once, at a time ``a`` between the sending and the answer
of its create, and removed once at most, at ``r``. Lists that show it read it
between the two, so ``a`` is at most the earliest end of them and ``r`` at
least the latest start. The latest ``a`` and the earliest ``r`` that this
allows leave most room to the lists that do not show it: so there is an order
if, with these, no removal is too early and no such list is wholly between.
"""

import collections
import collections.abc
import dataclasses

from extreme_tempest_plugin.checkers import linear
from extreme_tempest_plugin.checkers import operations

#: Name of a set among what is seen, before the kind of its elements.
ALL = 'all '


@dataclasses.dataclass(slots=True, kw_only=True)
class Element:
    """Something that was created with an acknowledgement.

    :ivar added: the latest time by which it was there, ns.
    :ivar removed: the earliest time from which it may be gone, ns.
    :ivar end: when it certainly is gone, ns; NEVER if that is not certain.
    :ivar delete: that was acknowledged first; None if there is none.
    """

    create: operations.Operation
    added: int
    removed: int = linear.NEVER
    end: int = linear.NEVER
    delete: operations.Operation | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """No order of the operations explains a list.

    :param look: the list.
    :param missing: it lacks the element; otherwise it shows one that is gone.
    """

    element: Element
    look: operations.Operation
    missing: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _List:
    """One list.

    :param scope: kind of the elements, and the resource whose they are.
    """

    call: operations.Operation
    scope: tuple[str, str]
    shown: frozenset[str]


def check(
    calls: collections.abc.Iterable[operations.Operation],
) -> tuple[list[Violation], int]:
    """What lists show that cannot be, one for an element at most.

    :param calls: all of them.
    :returns: and the number of lists.
    """
    every = tuple(calls)
    lists = [one for call in every for one in _lists(call)]
    if not lists:
        return [], 0
    elements = _elements(every)
    found: dict[str, Violation] = {}
    for one in lists:
        for ref in one.shown:
            if ref in elements:
                element = elements[ref]
                element.added = min(element.added, one.call.end)
                element.removed = max(element.removed, one.call.began)
                if one.call.began > element.end:
                    found.setdefault(
                        ref,
                        Violation(
                            element=element, look=one.call, missing=False
                        ),
                    )
    for ref, look in _missing(lists, elements):
        found.setdefault(
            ref, Violation(element=elements[ref], look=look, missing=True)
        )
    return list(found.values()), len(lists)


def _lists(
    call: operations.Operation,
) -> collections.abc.Iterator[_List]:
    seen = call.rest.seen if call.rest else {}
    for name, value in seen.items():
        if name.startswith(ALL) and call.acknowledged:
            kind = name.removeprefix(ALL)
            yield _List(
                call=call,
                scope=(kind, call.target),
                shown=frozenset(
                    f'{kind}/{id_}' for id_ in (value or '').split()
                ),
            )


def _elements(
    calls: collections.abc.Sequence[operations.Operation],
) -> dict[str, Element]:
    """What was created once, by resource."""
    found: dict[str, Element] = {}
    twice: set[str] = set()
    deletes: dict[str, list[operations.Operation]] = collections.defaultdict(
        list
    )
    for call in calls:
        if call.creates and call.acknowledged and call.made:
            if call.made in found:
                twice.add(call.made)
            found[call.made] = Element(create=call, added=call.end)
        elif call.consumes and (call.acknowledged or call.uncertain):
            deletes[call.target].append(call)
    for ref in twice:
        del found[ref]
    for ref, element in found.items():
        _end(element, ref, deletes)
    return found


def _end(
    element: Element,
    ref: str,
    deletes: collections.abc.Mapping[str, list[operations.Operation]],
) -> None:
    """Fill in when an element may be gone, and when it is."""
    # What belongs to something may go with it.
    for one in (ref, *element.create.partners.values()):
        for call in deletes.get(one, ()):
            element.removed = min(element.removed, call.began)
    for call in deletes.get(ref, ()):
        if call.acknowledged and call.end < element.end:
            element.end, element.delete = call.end, call


def _missing(
    lists: collections.abc.Iterable[_List],
    elements: collections.abc.Mapping[str, Element],
) -> collections.abc.Iterator[tuple[str, operations.Operation]]:
    """Elements that were there all the while of a list that lacks them."""
    looks: dict[tuple[str, str], list[_List]] = collections.defaultdict(list)
    for one in lists:
        looks[one.scope].append(one)
    for (kind, owner), its in looks.items():
        members = sorted(
            (
                (element.added, ref)
                for ref, element in elements.items()
                if ref.partition('/')[0] == kind
                and owner in ('', *element.create.partners.values())
            ),
            reverse=True,
        )
        there: list[str] = []
        for one in sorted(its, key=lambda one: one.call.began):
            while members and members[-1][0] < one.call.began:
                there.append(members.pop()[1])
            there = [
                ref for ref in there if elements[ref].removed > one.call.began
            ]
            for ref in there:
                if elements[ref].removed > one.call.end and (
                    ref not in one.shown
                ):
                    yield ref, one.call
