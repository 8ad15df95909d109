import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editorSchema } from '@penstock/config-schema';
import { limits, NAME_PATTERN } from '@penstock/wire';

// The two packages import nothing of ours, so each has its own copy of these.
test('the configuration allows the names and the number of connectors that the wire carries', () => {
  const schema = JSON.stringify(editorSchema('Agent'));
  assert.ok(schema.includes(JSON.stringify(NAME_PATTERN)));
  assert.ok(schema.includes(`"maxItems":${limits.connectors}`));
});
