import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frozenOrder } from '../app/live/frozen-order.ts';
import { patchRows } from '../app/live/patch-rows.ts';

type Row = { readonly name: string; readonly state: string };
const rows = (text: string): Row[] => text.split(' ').map((name) => ({ name, state: 'connected' }));
const names = (ordered: readonly Row[]) => ordered.map(({ name }) => name).join(' ');
const nameOf = ({ name }: Row) => name;

test('nothing is held back while nobody is in the table', () => {
  const { rows: shown, changes } = frozenOrder(undefined, rows('b a'), nameOf);
  assert.equal(names(shown), 'b a');
  assert.equal(changes, 0);
});

test('contents are the newest, the order is that of before, and what differs is counted', () => {
  const before = rows('a b c d');
  const latest = [{ name: 'd', state: 'stale' }, ...rows('a b c')];
  const { rows: shown, changes } = frozenOrder(before, latest, nameOf);
  assert.equal(names(shown), 'a b c d');
  assert.equal(shown[3]?.state, 'stale');
  assert.equal(changes, 1);
});

test('rows that came or went count, and those that went stay', () => {
  const { rows: shown, changes } = frozenOrder(rows('a b c'), rows('a c x y'), nameOf);
  assert.equal(names(shown), 'a b c');
  assert.equal(changes, 3);
});

test('10,000 rows in reverse are compared at once', () => {
  const many = Array.from({ length: 10_000 }, (_, index) => ({ name: `a${index}`, state: '' }));
  assert.equal(frozenOrder(many, many.toReversed(), nameOf).changes, 9_999);
});

test('events patch loaded rows, and leave others and whole pages the same objects', () => {
  const data = { pages: [{ items: rows('a b') }, { items: rows('c') }], pageParams: [] };
  const patched = patchRows(data, new Map([['b', { name: 'b', state: 'stale' }]]));
  assert.equal(patched.pages[0]?.items[1]?.state, 'stale');
  assert.equal(patched.pages[0]?.items[0], data.pages[0]?.items[0]);
  assert.equal(patched.pages[1], data.pages[1]);
  assert.equal(patchRows(data, new Map([['z', { name: 'z', state: 'stale' }]])), data);
});
