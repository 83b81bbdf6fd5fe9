// What is read as a packet, and that everything else is refused without a throw.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodePacket } from './packets.ts';

test.each([
  ['0', { type: 'connect', auth: {} }],
  ['0{"token":"x"}', { type: 'connect', auth: { token: 'x' } }],
  ['0/,{"token":"x"}', { type: 'connect', auth: { token: 'x' } }],
  ['0/admin,{"token":"x"}', { type: 'connect elsewhere', namespace: '/admin' }],
  ['0/admin', { type: 'connect elsewhere', namespace: '/admin' }],
  ['1', { type: 'disconnect' }],
  ['2["send",{"a":1}]', { type: 'event', args: ['send', { a: 1 }], ackId: '', attachments: 0 }],
  ['212["send"]', { type: 'event', args: ['send'], ackId: '12', attachments: 0 }],
  ['2[7]', { type: 'event', args: [7], ackId: '', attachments: 0 }],
  ['52-12["send",{"_placeholder":true,"num":0}]', { type: 'event', args: ['send', { _placeholder: true, num: 0 }], ackId: '12', attachments: 2 }],
  ['312[1]', { type: 'ack', attachments: 0 }],
  ['61-12[1]', { type: 'ack', attachments: 1 }],
])('%s is a packet', (text, packet) => {
  expect(decodePacket(text)).toEqual(packet);
});

test.each([
  ...['', 'x', '7[]', '0[]', '0null', '0"x"', '1{}', '2', '2{}', '2[]', '2[{}]', '2[null]', '2["send"', '2["connect"]', '2["newListener"]', '2 ["send"]'],
  ...['2/admin,["send"]', '2abc["send"]', '21.5["send"]', `2${'9'.repeat(16)}["send"]`, '21-["send"]', '3', '3{}', '4', '4{"message":"x"}', '4["x"]'],
  ...['5["send"]', '50-["send"]', '511-["send"]', '5-["send"]', '51-{}', `51-["send",${'['.repeat(60)}${']'.repeat(60)}]`],
])('%s is none', (text) => {
  expect(decodePacket(text)).toBeNull();
});

test('no text makes it throw', () => {
  const near = fc.stringMatching(/^[0-7]{1,3}-?\/?[a-z]{0,2},?\d{0,2}[[{]?("send")?,?[\]}]?$/);
  fc.assert(fc.property(fc.oneof(fc.string(), near), (text) => void decodePacket(text)));
});
