import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fleetFields, isFiltered, noFilter, queryOf } from '../app/pages/fleet/fleet-filter.ts';
import { optionalColumns } from '../app/pages/fleet/optional-columns.ts';
import { choiceField, choicesField, readUrl, textField, writeUrl } from '../app/url/url-state.ts';

const fields = {
  q: textField(),
  sort: choiceField(['severity', 'name'], 'severity'),
  state: choicesField(['stale', 'degraded', 'connected']),
};

test('a URL restores what it was written from', () => {
  const written = writeUrl(fields, '', { q: 'dc1 & more', sort: 'name', state: ['stale', 'degraded'] });
  assert.deepEqual(readUrl(fields, written), { q: 'dc1 & more', sort: 'name', state: ['stale', 'degraded'] });
});

test('defaults are left out, and parameters of others stay', () => {
  assert.equal(writeUrl(fields, 'tab=logs&q=x', { q: '' }), 'tab=logs');
  assert.equal(writeUrl(fields, 'q=x', { sort: 'severity' }), 'q=x');
});

test('a URL from anywhere is read without trust', () => {
  const found = readUrl(fields, `q=${'x'.repeat(10_000)}&sort=__proto__&state=stale,nothing,,constructor`);
  assert.equal(found.q.length, 200);
  assert.equal(found.sort, 'severity');
  assert.deepEqual(found.state, ['stale']);
});

test('a filter asks the API only for what it filters', () => {
  const empty = readUrl(fleetFields, '');
  assert.equal(isFiltered(empty), false);
  assert.deepEqual(queryOf(empty), { sort: 'severity' });
  const filter = { ...empty, ...noFilter, q: ' h3 ', state: ['stale', 'degraded'] as const, pool: 'dc1' };
  assert.equal(isFiltered(filter), true);
  assert.deepEqual(queryOf(filter), { sort: 'severity', q: 'h3', state: 'stale,degraded', pool: 'dc1' });
});

test('columns are in the URL, in the order of the table, and no part of the filter', () => {
  assert.equal(writeUrl(fleetFields, 'q=h3', { columns: ['skew', 'rtt'] }), 'q=h3&columns=skew%2Crtt');
  const found = readUrl(fleetFields, 'columns=sessions,nothing,skew');
  assert.deepEqual(found.columns, ['skew', 'sessions']);
  assert.equal(isFiltered(found), false);
  assert.deepEqual(queryOf(found), { sort: 'severity' });
  assert.equal(writeUrl(fleetFields, 'q=h3&columns=skew', noFilter), 'columns=skew');
  assert.deepEqual(Object.keys(optionalColumns), ['skew', 'rtt', 'cpu', 'memory', 'sessions']);
});
