import type { Duplex } from 'node:stream';
import { readLogin } from './login.ts';
import { MessageReader, packetsOf, packetTypes } from './packet.ts';
import { attentionAnswer, emptyAnswer, errorAnswer, loginAnswer, rowsAnswer } from './tokens.ts';

export const FAKE_LOGIN = { user: 'sa', password: 'Fake-Pa55word' } as const;
/** The rows of `select line from many`. */
export const FAKE_ROWS = 20_000;

const LOGIN_FAILED = 18_456;
const SYNTAX_ERROR = 102;

/**
 * Answers a login and then queries until the client disconnects. Calls `onSleep` for each query that waits for a
 * cancel.
 */
export async function converse(stream: Duplex, tdsVersion: number, onSleep: () => void): Promise<void> {
  const reader = new MessageReader(stream);
  const answer = (data: Buffer) => stream.write(packetsOf(packetTypes.answer, data));
  const login = await reader.read();
  if (login?.type !== packetTypes.login7) return;
  const { user, password } = readLogin(login.data);
  if (user !== FAKE_LOGIN.user || password !== FAKE_LOGIN.password) {
    answer(errorAnswer(LOGIN_FAILED, `Login failed for user '${user}'.`));
    stream.end();
    return;
  }
  answer(loginAnswer(tdsVersion));
  for (let message = await reader.read(); message !== undefined; message = await reader.read()) {
    if (message.type === packetTypes.attention) {
      // The current response ends first; the acknowledgment is a separate message.
      answer(emptyAnswer());
      answer(attentionAnswer());
    } else if (message.type === packetTypes.sqlBatch) {
      const reply = answerTo(batchText(message.data));
      if (reply === undefined) onSleep();
      else answer(reply);
    } else answer(errorAnswer(SYNTAX_ERROR, `The fake knows no message of type ${message.type}.`));
  }
  stream.end();
}

/** A batch begins with headers that contain their own length ([MS-TDS] 2.2.6.7). */
const batchText = (data: Buffer): string => data.subarray(data.readUInt32LE(0)).toString('utf16le');

/** Returns the response to one of the supported queries; undefined for the one that runs until it is canceled. */
function answerTo(sql: string): Buffer | undefined {
  if (/^\s*waitfor /i.test(sql)) return undefined;
  if (/^\s*select 40 \+ 2/i.test(sql)) return rowsAnswer('', ['42']);
  if (/^\s*select line from many/i.test(sql)) {
    return rowsAnswer(
      'line',
      Array.from({ length: FAKE_ROWS }, (_, index) => `${index + 1}:${'x'.repeat(200)}`),
    );
  }
  // Settings that drivers send at the beginning.
  if (/^\s*(set|use|if|declare) /i.test(sql)) return emptyAnswer();
  return errorAnswer(SYNTAX_ERROR, `The fake knows no query such as ${sql}.`);
}
