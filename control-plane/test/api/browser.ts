import assert from 'node:assert/strict';
import type { StartedConsoleSession } from '@penstock/api-schema';
import type { Answer, ApiRig, Method } from './api-rig.ts';

type Headers = Readonly<Record<string, string>>;

/** A browser at http://127.0.0.1:8080/console/, in memory: it keeps a cookie and the second half of a session. */
export class Browser {
  readonly #api: ApiRig;
  readonly host: string;
  cookie: string | undefined;
  secret: string | undefined;

  constructor(api: ApiRig, host = '127.0.0.1:8080') {
    this.#api = api;
    this.host = host;
  }

  /** Sends a request as a page of this origin does. `headers` override what the browser sends by itself. */
  async send<Body = unknown>(
    method: Method,
    url: string,
    { body, headers = {} }: { readonly body?: unknown; readonly headers?: Headers } = {},
  ): Promise<Answer<Body>> {
    const answer = await this.#api.app.inject({
      method,
      url,
      headers: {
        host: this.host,
        'sec-fetch-site': 'same-origin',
        ...(this.cookie !== undefined && { cookie: this.cookie }),
        ...(this.secret !== undefined && { 'penstock-session': this.secret }),
        ...headers,
      },
      ...(body !== undefined && { payload: body as object }),
    });
    const type = String(answer.headers['content-type'] ?? '');
    return {
      status: answer.statusCode,
      type,
      headers: answer.headers,
      text: answer.body,
      body: (type.includes('json') ? JSON.parse(answer.body) : undefined) as Body,
    };
  }

  /** Signs in with an admin token, or with a one-time code. */
  async signIn(
    by: { readonly token: string } | { readonly code: string },
    headers: Headers = {},
  ): Promise<StartedConsoleSession> {
    const answer = await this.send<StartedConsoleSession>('POST', '/api/v1/console-sessions', {
      body: 'code' in by ? by : {},
      headers: { ...('token' in by && { authorization: `Bearer ${by.token}` }), ...headers },
    });
    assert.equal(answer.status, 201, answer.text);
    this.cookie = String(answer.headers['set-cookie']).split(';')[0];
    this.secret = answer.body.secret;
    return answer.body;
  }
}
