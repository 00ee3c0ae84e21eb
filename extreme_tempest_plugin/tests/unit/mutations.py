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
"""Damage to files, chosen by a random source: lines, bytes and fields."""

import json

#: What a field may become: what no writer writes, and what some reader may
#: stumble over.
NASTY = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**53,
    2**53 + 1,
    2**63 - 1,
    -(2**63),
    2**63,
    10**400,
    0.5,
    -0.0,
    1e308,
    '',
    ' ',
    '/',
    'x/',
    '/x',
    'x' * 5000,
    'a\nb',
    '\x00',
    '\x1b[2J',
    '[/bold][link=x]',
    '\ud800',
    '\u202e',
    '0',
    '-1',
    '9' * 5000,
    'server/a',
    '²',
    [],
    {},
    [1, 'x', None],
    {'name': 'x'},
    {'': ''},
    {'limit': '9' * 5000, 'in_use': '-1', 'server': '', 'volume': 'v'},
)

#: As they stand in a file; JSON has no such numbers.
RAW = (b'NaN', b'Infinity', b'1e999', b'-', b'"', b'{"a":' * 2000)

GARBAGE = (
    b'\n',
    b'{}\n',
    b'[]\n',
    b'null\n',
    b'{"type":"note"}\n',
    b'{"type":"later","n":1,"t":1,"actor":"x"}\n',
    b'\xff\xfe\n',
    b'\x00' * 64,
    b'\x00' * 64 + b'\n',
    b'[' * 5000 + b'\n',
    b'hello\n',
)


def lines(whole, rng, other):
    """Drop, double, move, swap, tear, or put in a line; the header stays.

    :param whole: lines of a history.
    :param other: lines of another one.
    """
    left = list(whole)
    at = rng.randrange(1, len(left))
    match rng.randrange(9):
        case 0:
            del left[at]
        case 1:
            left.insert(rng.randrange(1, len(left)), left[at])
        case 2:
            left.insert(rng.randrange(1, len(left)), left.pop(at))
        case 3:
            to = rng.randrange(1, len(left))
            left[at], left[to] = left[to], left[at]
        case 4:
            left[at] = left[at][: rng.randrange(len(left[at]))]
        case 5:
            left[at] = left[at][: rng.randrange(len(left[at]))] + b'\n'
        case 6:
            left.insert(at, rng.choice(GARBAGE))
        case 7:
            left.insert(at, rng.choice(other))
        case 8:
            del left[at:]
    return left


def flip(text, rng):
    """Change, put in, take out or blank a few bytes."""
    damaged = bytearray(text)
    for _ in range(rng.randint(1, 4)):
        if not damaged:
            break
        at = rng.randrange(len(damaged))
        match rng.randrange(6):
            case 0:
                damaged[at] = rng.randrange(256)
            case 1:
                damaged[at] ^= 1 << rng.randrange(8)
            case 2:
                damaged[at:at] = rng.randbytes(rng.randint(1, 4))
            case 3:
                del damaged[at : at + rng.randint(1, 40)]
            case 4:
                length = rng.randint(1, 512)
                damaged[at : at + length] = b'\x00' * length
            case 5:
                digit = rng.choice(b'0123456789-.eE"\\{}[],:\n')
                damaged[at] = digit
    return bytes(damaged)


def field(line, rng, header=False):
    """Take out, rename or change one field of a line, at any depth."""
    content = json.loads(line)
    places = list(_places(content))
    container, key = rng.choice(places)
    old = container[key]
    match rng.randrange(5):
        case 0:
            del container[key]
        case 1 if isinstance(container, dict):
            container[f'{key}x'] = container.pop(key)
        case 2:
            container[key] = 'RAW'
            text = json.dumps(content).encode()
            return text.replace(b'"RAW"', rng.choice(RAW), 1) + b'\n'
        case 3 if isinstance(old, int):
            container[key] = old + rng.choice((-1, 1, -(10**9), 10**12))
        case _:
            container[key] = rng.choice(NASTY)
    return json.dumps(content).encode() + b'\n'


def _places(content):
    """Each place that can be changed: a container and a key in it."""
    keys = content if isinstance(content, dict) else range(len(content))
    for key in keys:
        yield content, key
        if isinstance(content[key], dict | list):
            yield from _places(content[key])
