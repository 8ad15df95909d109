import { ApprovalResource, hasAnswer } from '@penstock/api-schema';
import { hasShape, type Static, type TSchema } from '@penstock/json-schema';
import { CommandError, exitCodes } from '@penstock/terminal';
import { agentRequests, SOFTWARE_VERSION } from '@penstock/wire';
import { serverSentEvents } from './server-sent-events.ts';
import { unreachableReason } from './unreachable-reason.ts';

export type ApiClientOptions = {
  /** The gateway's admin address, such as http://127.0.0.1:8080. */
  readonly url: URL;
  readonly token: string;
  /** Milliseconds until a complete response must have arrived. */
  readonly timeoutMs?: number;
  /** Called before each request; its error is the request's. */
  readonly prepare?: () => Promise<void>;
  /** Shows progress while `work` runs; settles as `work` does. */
  readonly progress?: <Value>(work: () => Promise<Value>) => Promise<Value>;
};

const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;

/** A client of the gateway's API. Failures, and actions that require approval, are thrown as CommandError. */
export class ApiClient {
  readonly #url: URL;
  readonly #token: string;
  readonly #timeoutMs: number;
  readonly #prepare: NonNullable<ApiClientOptions['prepare']>;
  readonly #progress: NonNullable<ApiClientOptions['progress']>;

  constructor({
    url,
    token,
    timeoutMs = 10_000,
    prepare = async () => {},
    progress = (work) => work(),
  }: ApiClientOptions) {
    this.#prepare = prepare;
    this.#progress = progress;
    this.#url = url;
    this.#token = token;
    this.#timeoutMs = timeoutMs;
  }

  /** Sends a request to a path below /api/v1 and returns the response. Fields that are not in `schema` are kept. */
  async ask<Answer extends TSchema>(
    schema: Answer,
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<Static<Answer>> {
    await this.#prepare();
    const { status, value } = await this.#progress(() => this.#fetch(method, path, body));
    if (status >= 400) throw await this.#refusal(status, value, path, body);
    if (status === 202 && hasShape(ApprovalResource, value)) throw approvalRequired(value);
    if (!hasShape(schema, value)) throw this.#foreignServerError(status);
    return value;
  }

  /**
   * Yields the data of each server-sent event of this type, until the gateway ends the stream or the signal is aborted.
   * `onOpen` is called when the gateway has accepted the request.
   */
  async *follow<Data extends TSchema>(
    schema: Data,
    event: string,
    path: string,
    { signal, onOpen }: { readonly signal: AbortSignal; readonly onOpen: () => void },
  ): AsyncGenerator<Static<Data>, void> {
    const response = await this.#open(path, signal);
    if (response.status !== 200) {
      throw this.#problemError(response.status, parse(await textOf(response)));
    }
    onOpen();
    try {
      for await (const sent of serverSentEvents(response.body ?? [])) {
        if (sent.event !== event) continue;
        const value = parse(sent.data);
        if (!hasShape(schema, value)) throw this.#foreignServerError(response.status);
        yield value;
      }
    } catch (error) {
      if (error instanceof CommandError) throw error;
      // A stream that breaks off has ended; the caller opens it again.
    }
  }

  async #open(path: string, signal: AbortSignal): Promise<Response> {
    try {
      return await fetch(new URL(`api/v1/${path}`, withSlash(this.#url)), {
        redirect: 'manual',
        signal,
        headers: { authorization: `Bearer ${this.#token}`, accept: 'text/event-stream' },
      });
    } catch (cause) {
      throw this.#unreachableError(cause);
    }
  }

  async #fetch(method: string, path: string, body: unknown): Promise<{ status: number; value: unknown }> {
    const url = new URL(`api/v1/${path}`, withSlash(this.#url));
    try {
      const response = await fetch(url, {
        method,
        // Following a redirect could send the token to another server.
        redirect: 'manual',
        signal: AbortSignal.timeout(this.#timeoutMs),
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
      throw this.#unreachableError(cause);
    }
  }

  /** The error for a refused request, with the name that was meant if one in it is unknown. */
  async #refusal(status: number, value: unknown, path: string, body: unknown): Promise<CommandError> {
    if (!isProblem(value) || value.code === undefined) return this.#problemError(status, value);
    const { whatWasMeant } = await import('./did-you-mean.ts');
    return this.#problemError(status, value, await whatWasMeant(this, { code: value.code, path, body }));
  }

  #problemError(status: number, value: unknown, meant?: string): CommandError {
    const { code, detail } = isProblem(value) ? value : {};
    if (code === undefined || detail === undefined) return this.#foreignServerError(status);
    const suggestion = suggestions[code] ?? meant;
    return new CommandError(`${detail} (${code})`, suggestion === undefined ? {} : { suggestion });
  }

  #foreignServerError(status: number): CommandError {
    return new CommandError(
      `The server at ${this.#url.href} (HTTP ${status}) is not the API of a penstock-gateway.`,
      {
        suggestion:
          'Check PENSTOCK_URL. It must be the admin address of the gateway (listen.admin in gateway.yaml).',
      },
    );
  }

  #unreachableError(cause: unknown): CommandError {
    const isTimeout = cause instanceof DOMException && cause.name === 'TimeoutError';
    const { why, suggestion = IS_IT_RUNNING } = isTimeout
      ? { why: `no response within ${this.#timeoutMs / 1000} s` }
      : unreachableReason(cause);
    return new CommandError(`Cannot reach the API of the gateway at ${this.#url.href}: ${why}.`, {
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
  'Check that the gateway is running. If it is on another host or port, set PENSTOCK_URL to its admin address.';

const suggestions: Readonly<Record<string, string>> = {
  ADMIN_TOKEN_UNKNOWN:
    'Check PENSTOCK_TOKEN. On the gateway host, penstock-gateway init --new-admin-token creates a new token.',
  ADMIN_TOKEN_REVOKED: 'Request another admin token and set PENSTOCK_TOKEN to it.',
  ROLE_INSUFFICIENT: 'Set PENSTOCK_TOKEN to a token with that role.',
};

async function textOf(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of response.body ?? []) {
    length += piece.length;
    if (length > MAX_RESPONSE_BYTES)
      throw new RangeError(`The response is longer than ${MAX_RESPONSE_BYTES} bytes.`);
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
