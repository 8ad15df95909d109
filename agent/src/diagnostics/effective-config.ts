import { type AgentConfig, shownConfig } from '@penstock/config-schema';
import { type AgentAnswer, RequestError } from '@penstock/wire';
import type { KnownSecrets } from './redaction/known-secrets.ts';
import { NotRedactable, Redactor } from './redaction/redactor.ts';

type LastFailed = NonNullable<AgentAnswer<'effective-config'>['lastFailed']>;

/** The redacted configuration in force. Throws RequestError when it cannot be redacted reliably. */
export function effectiveConfig(
  config: AgentConfig,
  lastFailed: LastFailed | undefined,
  known: KnownSecrets,
): AgentAnswer<'effective-config'> {
  const redactor = new Redactor(known);
  try {
    return {
      version: config.version,
      digest: config.digest,
      config: redactor.redact(shownConfig(config)),
      content: redactor.redact(config.content),
      ...(lastFailed && { lastFailed: redactor.redact(lastFailed) as LastFailed }),
      redactions: { ...redactor.hits },
    };
  } catch (cause) {
    if (!(cause instanceof NotRedactable)) throw cause;
    throw new RequestError(
      'REQUEST_FAILED',
      `The configuration cannot be redacted reliably and is not sent: ${cause.message}.`,
      {
        cause,
      },
    );
  }
}
