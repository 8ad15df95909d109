import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adviceText, agentConditions } from '@penstock/api-schema';
import { alertConditionTexts } from '../../src/alerts/alert-conditions.ts';

const COMMAND = /^penstock-gateway (?<resource>\S+) (?<verb>\S+)/;

test('a command that only looks says what it shows, and any other is to be run', () => {
  const texts = [...Object.values(agentConditions), ...Object.values(alertConditionTexts)];
  const commands = texts.flatMap((text) => ('command' in text ? [text.command] : []));
  for (const command of [...commands, 'penstock-gateway replica list']) {
    const { resource = '', verb = '' } = COMMAND.exec(command)?.groups ?? {};
    const purpose = {
      list: `To list the ${resource}s, run`,
      show: 'For details, run',
      diff: 'To see what differs, run',
      logs: 'To read its log, run',
      explain: 'To see each stage, run',
      check: 'Run',
      resume: 'Run',
    }[verb];
    assert.equal(adviceText({ advice: 'Look.', command }), `Look. ${purpose} ${command}.`);
  }
});
