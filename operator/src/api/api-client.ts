import { ApprovalResource, hasAnswer, tolerant } from '@penstock/api-schema';
import { CommandError, exitCodes } from '@penstock/terminal';
import { agentRequests, SOFTWARE_VERSION } from '@penstock/wire';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Static, TSchema } from 'typebox';
import { unreachableReason } from './unreachable-reason.ts';

export type ApiClientOptions = {
  /** Where the gateway's admin address is, such as http://127.0.0.1:8080. */
  readonly url: URL;
  readonly token: string;
  /** Milliseconds for a whole answer. */
  readonly timeout?: number;
  /** Shows that something is waited for; settles as the work does. */
  readonly progress?: <Value>(work: () => Promise<Value>) => Promise<Value>;
};

const ajv = new Ajv2020({ strict: false });
const validators = new WeakMap<TSchema, ValidateFunction>();

/** Whether `value` has the fields of a response, whatever else a newer gateway adds. */
function isAnswer<Answer extends TSchema>(schema: Answer, value: unknown): value is Static<Answer> {
  let validate = validators.get(schema);
  if (validate === undefined) {
    validate = ajv.compile(tolerant(schema));
    validators.set(schema, validate);
  }
  return validate(value);
}

const MAX_ANSWER = 16 * 1024 * 1024;

/** Asks the gateway's API. Every failure is a CommandError that says what to do, and so is what has to wait. */
export class ApiClient {
  readonly #url: URL;
  readonly #token: string;
  readonly #timeout: number;
  readonly #progress: NonNullable<ApiClientOptions['progress']>;

  constructor({ url, token, timeout = 10_000, progress = (work) => work() }: ApiClientOptions) {
    this.#progress = progress;
    this.#url = url;
    this.#token = token;
    this.#timeout = timeout;
  }

  /** The answer to a request below /api/v1; what is not in `schema` is kept. */
  async ask<Answer extends TSchema>(
    schema: Answer,
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<Static<Answer>> {
    const { status, value } = await this.#progress(() => this.#fetch(method, path, body));
    if (status >= 400) throw this.#refusal(status, value);
    if (status === 202 && isAnswer(ApprovalResource, value)) throw approvalRequired(value);
    if (!isAnswer(schema, value)) throw this.#foreign(status);
    return value;
  }

  async #fetch(method: string, path: string, body: unknown): Promise<{ status: number; value: unknown }> {
    const url = new URL(`api/v1/${path}`, withSlash(this.#url));
    try {
      const response = await fetch(url, {
        method,
        // A redirect would carry the token to wherever it leads.
        redirect: 'manual',
        signal: AbortSignal.timeout(this.#timeout),
        headers: {
          authorization: `Bearer ${this.#token}`,
          accept: 'application/json',
          'user-agent': `penstock-gateway/${SOFTWARE_VERSION}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: response.status, value: parse(await textOf(response)) };
    } catch (cause) {
      throw this.#unreachable(cause);
    }
  }

  #refusal(status: number, value: unknown): CommandError {
    const { code, detail } = isProblem(value) ? value : {};
    if (code === undefined || detail === undefined) return this.#foreign(status);
    const suggestion = suggestions[code];
    return new CommandError(`${detail} (${code})`, suggestion === undefined ? {} : { suggestion });
  }

  #foreign(status: number): CommandError {
    return new CommandError(
      `What answers at ${this.#url.href} (HTTP ${status}) is no penstock-gateway's API.`,
      {
        suggestion:
          'Check PENSTOCK_URL: it is the admin address of the gateway (listen.admin in gateway.yaml).',
      },
    );
  }

  #unreachable(cause: unknown): CommandError {
    const late = cause instanceof DOMException && cause.name === 'TimeoutError';
    const { why, suggestion = IS_IT_RUNNING } = late
      ? { why: `no answer within ${this.#timeout / 1000} s` }
      : unreachableReason(cause);
    return new CommandError(`The API of the gateway cannot be reached at ${this.#url.href}: ${why}.`, {
      cause,
      suggestion,
    });
  }
}

/** The action has not been performed, so the command must fail rather than report success. */
function approvalRequired({ id, action, subject }: ApprovalResource): CommandError {
  const request = agentRequests.find((each) => each.action === action);
  const [label, verb] =
    request !== undefined && hasAnswer(request)
      ? ['Print the result', 'result']
      : ['Show the outcome', 'show'];
  return new CommandError(`${action} of ${subject} requires the approval of an admin.`, {
    exitCode: exitCodes.waiting,
    suggestion: `Approve it as an admin: penstock-gateway approval approve ${id}\n${label}: penstock-gateway approval ${verb} ${id}`,
  });
}

const IS_IT_RUNNING =
  'Is the gateway running? Elsewhere than here, or on another port: set PENSTOCK_URL to its admin address.';

const suggestions: Readonly<Record<string, string>> = {
  ADMIN_TOKEN_UNKNOWN:
    'Check PENSTOCK_TOKEN. On the host of the gateway, penstock-gateway init --new-admin-token makes another one.',
  ADMIN_TOKEN_REVOKED: 'Ask for another admin token, and set PENSTOCK_TOKEN to it.',
  ROLE_INSUFFICIENT: 'Set PENSTOCK_TOKEN to a token of that role.',
};

async function textOf(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of response.body ?? []) {
    length += piece.length;
    if (length > MAX_ANSWER) throw new RangeError(`The answer is longer than ${MAX_ANSWER} bytes.`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isProblem(value: unknown): value is { code?: string; detail?: string } {
  if (typeof value !== 'object' || value === null) return false;
  return (
    'code' in value && typeof value.code === 'string' && 'detail' in value && typeof value.detail === 'string'
  );
}

function withSlash(url: URL): URL {
  return new URL(url.href.endsWith('/') ? url.href : `${url.href}/`);
}
