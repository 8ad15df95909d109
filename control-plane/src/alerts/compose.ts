import type { GatewayConfig } from '@penstock/config-schema';
import { SOFTWARE_VERSION } from '@penstock/wire';
import { alertMessage, type MessageOf, testMessage } from './message.ts';
import { slackMessage } from './slack.ts';

export type MessageFormat = GatewayConfig['notify'][number]['format'];

type Content = Omit<MessageOf, 'gatewayVersion'>;

/** The body of a message to a receiver that wants this format. */
export function compose(format: MessageFormat, content: Content): string {
  return inFormat(format, alertMessage({ ...content, gatewayVersion: SOFTWARE_VERSION }));
}

/** The body of a message with which people try whether alerts arrive. */
export function composeTest(format: MessageFormat, content: Omit<Content, 'notices'>): string {
  return inFormat(format, testMessage({ ...content, gatewayVersion: SOFTWARE_VERSION }));
}

function inFormat(format: MessageFormat, message: ReturnType<typeof alertMessage>): string {
  return JSON.stringify(format === 'slack' ? slackMessage(message) : message);
}
