import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isIP } from 'node:net';
import { clientAddress } from '../../../lambdas/ingest/client-address.ts';

const CONNECTION = '198.51.100.77';

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['203.0.113.9:51234, 198.51.100.2', '203.0.113.9'],
  ['203.0.113.9:51234', '203.0.113.9'],
  ['  203.0.113.9  ,198.51.100.2', '203.0.113.9'],
  ['[2001:db8::7]:443', '2001:db8::7'],
  ['[2001:db8::7]:443, 198.51.100.2', '2001:db8::7'],
  ['[2001:db8::7]', '2001:db8::7'],
  ['2001:db8::7', '2001:db8::7'],
  ['2001:0DB8:0:0:0:0:0:0007', '2001:db8::7'],
  ['"[2001:db8::7]:443"', '2001:db8::7'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['[::ffff:203.0.113.9]:443', '203.0.113.9'],
  ['fe80::1%eth0', 'fe80::1'],
  ['10.0.0.7, 203.0.113.9', '10.0.0.7'],
])('%j is sent by %s', (header, expected) => {
  expect(clientAddress(header, CONNECTION)).toBe(expected);
});

test.each([
  [undefined],
  [''],
  [', 203.0.113.9'],
  ['unknown, 203.0.113.9'],
  ['_hidden, 203.0.113.9'],
  ['shop.example:443'],
  ['203.0.113'],
  ['203.0.113.9.1'],
  ['203.0.113.256'],
  ['203.0.113.9:port'],
  ['3405803785'],
  ['0xcb.0.113.9'],
  ['0313.0.0161.011'],
  ['[203.0.113.9'],
  ['2001:db8::g'],
  ['<script>'],
])('of %j nothing can be read: it is the connection’s address, and never that of a later hop', (header) => {
  expect(clientAddress(header, CONNECTION)).toBe(CONNECTION);
});

test('whatever a client writes, an address is recorded', () => {
  const piece = fc.constantFrom(
    '[',
    ']',
    ':',
    '.',
    '%',
    '"',
    ',',
    ' ',
    '2001:db8',
    '203.0.113.9',
    '::',
    '443',
    'x',
  );
  const header = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece).map((pieces) => pieces.join('')),
  );
  fc.assert(
    fc.property(header, (text) => {
      expect(isIP(clientAddress(text, CONNECTION))).not.toBe(0);
    }),
    { numRuns: 1_000 },
  );
});
