import { type CloseCode, closeCodes } from '@penstock/wire';

/** Why a client is not connected, in words for its user. Contains nothing of the private network. */
export type ClientError = {
  readonly code: CloseCode;
  /** What happened, as a sentence. */
  readonly message: string;
  /** What to do, as a sentence. */
  readonly hint: string;
};

/** What its user can do about a code, as a clause. */
const adviceOf: Partial<Record<CloseCode, string>> = {
  NO_AGENT: 'Check that agents of its pools are connected, and neither quarantined nor drained',
  QUEUE_FULL: 'Try again shortly',
  QUEUE_TIMEOUT: 'Check that agents of its pools are connected, and neither quarantined nor drained',
  SESSION_LOST: 'Try again shortly',
  AGENT_DRAINING: 'Try again shortly',
  AGENT_OVERLOADED: 'Close idle clients, or add an agent',
  CONFIG_DRIFT: 'Roll out the pinned configuration, or pin the new one',
  POLICY_DENIED: 'Ask the owners of the agent',
  UNKNOWN_CONNECTOR: 'Compare connector in gateway.yaml with the connectors in agent.yaml',
  DNS_FAILED: "Resolve the connector's host on the agent's machine",
  REFUSED: "Check that the target is running and listens on the connector's address and port",
  UNREACHABLE: 'Check routes and firewalls between agent and target',
  DIAL_TIMEOUT: 'Look for a firewall between agent and target that drops packets',
  AGENT_TIMEOUT: 'Check the agent, and the network between it and the gateway',
  TLS_FAILED: "Compare the target's certificate with the connector's tls",
  LIMIT_EXCEEDED: 'Close idle clients, or raise the limit',
};

/** The error of a client of `connection`. Details, such as addresses, are only in the gateway's log. */
export function clientError(code: CloseCode, connection: string): ClientError {
  if (code === 'CLIENT_DENIED') return deniedError(code);
  const explain = `penstock-gateway connection explain ${connection}`;
  const advice = adviceOf[code];
  const hint =
    advice === undefined
      ? `For details, run on the gateway: ${explain}.`
      : `${advice}; for details, run on the gateway: ${explain}.`;
  return { code, message: closeCodes[code].message, hint };
}

/**
 * The error of a client whose address may not use the ingress. It does not learn the name of the connection
 * (docs/decisions/0017).
 */
export function deniedError(code: CloseCode): ClientError {
  if (code !== 'CLIENT_DENIED') {
    return { code, message: closeCodes[code].message, hint: 'Close idle clients, or raise the limit.' };
  }
  return {
    code,
    message: 'Your address is not allowed to use this connection.',
    hint: 'Ask the operator of the gateway to add it to allow.',
  };
}

/** The whole error as one line, for protocols that have a single field. ASCII, at most 400 characters. */
export function errorLine({ code, message, hint }: ClientError): string {
  return `Penstock: ${code}: ${message} ${hint}`.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 400);
}
