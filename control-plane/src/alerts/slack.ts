import { printableLine } from '@penstock/runtime';
import type { AlertMessage } from './message.ts';

/** Maximum number of alerts in one message, which people read in a channel. */
const MAX_SHOWN_ALERTS = 20;
const RED = '#c62828';
const GREEN = '#2e7d32';

/** The body that incoming webhooks of Slack accept, as do those of Mattermost, Rocket.Chat and others. */
export type SlackMessage = {
  readonly text: string;
  readonly attachments: readonly {
    readonly color: string;
    readonly text: string;
    readonly fallback: string;
  }[];
};

/** Converts a message to Slack's format. */
export function slackMessage(message: AlertMessage): SlackMessage {
  const { organization, kind, firing, resolved, alerts, omitted, url } = message;
  const link = url === undefined ? '' : ` <${escaped(url)}|Open the console>`;
  const where = `Penstock, ${escaped(organization)}`;
  if (kind === 'test') {
    return {
      text: `${where}: this is a test. Alerts for ${escaped(message.receiver)} arrive here.${link}`,
      attachments: [],
    };
  }
  const counts = [
    ...(firing > 0 ? [`${firing} firing`] : []),
    ...(resolved > 0 ? [`${resolved} resolved`] : []),
  ];
  const shown = alerts.slice(0, MAX_SHOWN_ALERTS);
  const notShown = alerts.length - shown.length + omitted;
  const block = (state: 'firing' | 'resolved', color: string) => {
    const lines = shown.filter((each) => each.state === state).map(line);
    return lines.length === 0
      ? []
      : [{ color, text: lines.join('\n'), fallback: `${lines.length} ${state}` }];
  };
  const more = notShown === 0 ? '' : ` ${notShown} more: run penstock-gateway alert list.`;
  return {
    text: `${where}: ${counts.join(', ')}.${more}${link}`,
    attachments: [...block('firing', RED), ...block('resolved', GREEN)],
  };
}

function line({
  state,
  condition,
  subject,
  message,
  detail,
  advice,
}: AlertMessage['alerts'][number]): string {
  const name = `*${escaped(condition)}* ${escaped(subject)}`;
  return state === 'resolved'
    ? `${name} is resolved.`
    : `${name}: ${escaped(message)} ${escaped(detail)}\n${escaped(advice)}`;
}

/** Makes text printable on one line, and escapes Slack's three control characters: https://docs.slack.dev/messaging/formatting-message-text. */
function escaped(text: string): string {
  return printableLine(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
