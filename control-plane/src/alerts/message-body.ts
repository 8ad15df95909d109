import type { GatewayConfig } from '@penstock/config-schema';
import { SOFTWARE_VERSION } from '@penstock/wire';
import { type AlertMessage, alertMessage, type MessageContent, testMessage } from './message.ts';
import { slackMessage } from './slack.ts';

export type MessageFormat = GatewayConfig['receivers'][number]['format'];

type Content = Omit<MessageContent, 'gatewayVersion'>;

/** The request body of an alert message in a receiver's format. */
export function messageBody(format: MessageFormat, content: Content): string {
  return bodyIn(format, alertMessage({ ...content, gatewayVersion: SOFTWARE_VERSION }));
}

/** The request body of a test message in a receiver's format. */
export function testMessageBody(format: MessageFormat, content: Omit<Content, 'transitions'>): string {
  return bodyIn(format, testMessage({ ...content, gatewayVersion: SOFTWARE_VERSION }));
}

function bodyIn(format: MessageFormat, message: AlertMessage): string {
  return JSON.stringify(format === 'slack' ? slackMessage(message) : message);
}
