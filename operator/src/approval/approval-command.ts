import { ApprovalResource, PinPreview } from '@penstock/api-schema';
import { type TSchema, Type } from '@penstock/json-schema';
import {
  CommandError,
  confirm,
  type Io,
  json,
  type OutputFormat,
  outputOption,
  type Style,
  styleFor,
  type TableColumn,
  table,
  yesOption,
} from '@penstock/terminal';
import { logsRequest, ProbeResult } from '@penstock/wire';
import { Command } from 'commander';
import { relativeTime } from '../age.ts';
import { printLogs, printProbe } from '../agent/agent-answers.ts';
import { confirmCapacity } from '../agent/capacity-check.ts';
import type { ApiClient } from '../api/api-client.ts';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { everyPage } from '../api/pages.ts';
import { actorNames } from '../audit/actor-names.ts';
import { impactText } from '../config/pin-impact.ts';

type Options = { readonly output: OutputFormat };

/** `approval list|show|result|approve|deny`: actions that require the approval of an admin. */
export function approvalCommand(io: Io): Command {
  const approval = new Command('approval')
    .description('operator actions that require the approval of an admin')
    .addHelpText('after', '\nExample:\n  $ penstock-gateway approval list');
  approval
    .command('list')
    .description('list pending approvals, newest first')
    .option('--all', 'include approvals that were decided or have expired', false)
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway approval list --all')
    .action((options: Options & { readonly all: boolean }) => list(io, options));
  approval
    .command('show')
    .description('show an approval and its outcome')
    .argument('<id>', 'ID of the approval, as shown by approval list')
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      '\nExample:\n  $ penstock-gateway approval show 019a0b1c-2d3e-7f4a-8b6c-0123456789ab',
    )
    .action((id: string, { output }: Options) => show(io, id, output));
  approval
    .command('result')
    .description('print the result of an approved action, such as log lines; available for one hour')
    .argument('<id>', 'ID of the approval, as shown by approval list')
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      '\nExample:\n  $ penstock-gateway approval result 019a0b1c-2d3e-7f4a-8b6c-0123456789ab',
    )
    .action((id: string, { output }: Options) => result(io, id, output));
  for (const [verb, description] of [
    ['approve', 'approve an action and run it on behalf of the requester; requires the role admin'],
    ['deny', 'deny an action; requires the role admin'],
  ] as const) {
    approval
      .command(verb)
      .description(description)
      .argument('<id>', 'ID of the approval, as shown by approval list')
      .addOption(outputOption(['text', 'json']))
      .addHelpText(
        'after',
        `\nExample:\n  $ penstock-gateway approval ${verb} 019a0b1c-2d3e-7f4a-8b6c-0123456789ab`,
      )
      .option(...yesOption)
      .action((id: string, options: Options & { readonly yes: boolean }) => decide(io, id, verb, options));
  }
  return approval;
}

const HEAD: readonly TableColumn[] = [
  { title: 'ID', isWhole: true },
  'STATE',
  'ACTION',
  'SUBJECT',
  { title: 'REQUESTED BY', rank: 1 },
  { title: 'REQUESTED', rank: 3 },
  { title: 'EXPIRES', rank: 2 },
  { title: 'DECIDED BY', rank: 4 },
];

async function list(io: Io, { all, output }: Options & { readonly all: boolean }): Promise<void> {
  const api = apiFromEnvironment(io);
  const query = all ? {} : { state: 'pending' };
  const { items } = await everyPage(api, ApprovalResource, 'approvals', { query });
  if (output === 'json') {
    io.stdout.write(json({ items }));
    return;
  }
  if (items.length === 0) {
    io.stdout.write(all ? 'There are no approvals.\n' : 'There are no pending approvals.\n');
    return;
  }
  const style = styleFor(io.stdout, io.environment);
  const names = await namesOf(api, items);
  const now = Date.now();
  const rows = items.map((each) => [
    each.id,
    colorOf(each.state, style)(each.state),
    each.action,
    each.subject,
    names(each.requestedBy),
    relativeTime(each.requestedAt, now),
    each.state === 'pending' ? relativeTime(each.expiresAt, now) : undefined,
    names(each.decidedBy),
  ]);
  io.stdout.write(table(HEAD, rows, io));
}

async function show(io: Io, id: string, output: OutputFormat): Promise<void> {
  const api = apiFromEnvironment(io);
  const approval = await api.ask(ApprovalResource, 'GET', `approvals/${encodeURIComponent(id)}`);
  if (output === 'json') {
    io.stdout.write(json(approval));
    return;
  }
  const { state, action, subject, requestedBy, decidedBy, outcome } = approval;
  const style = styleFor(io.stdout, io.environment);
  const names = await namesOf(api, [approval]);
  const now = Date.now();
  const rows = [
    ['state', colorOf(state, style)(state)],
    ['action', action],
    ['subject', subject],
    ['arguments', JSON.stringify(approval.arguments)],
    ['requested by', `${names(requestedBy)}, ${relativeTime(approval.requestedAt, now)}`],
    ['expires', relativeTime(approval.expiresAt, now)],
    ['decided by', decidedBy && `${names(decidedBy)}, ${relativeTime(approval.decidedAt, now)}`],
    ['outcome', outcome],
  ];
  io.stdout.write(table(['', ''], rows, io));
}

/** Prints what the command would have printed without the approval. */
async function result(io: Io, id: string, output: OutputFormat): Promise<void> {
  const api = apiFromEnvironment(io);
  const path = `approvals/${encodeURIComponent(id)}`;
  const { action } = await api.ask(ApprovalResource, 'GET', path);
  const getResult = <Value extends TSchema>(value: Value) =>
    api.ask(Type.Object({ value }), 'GET', `${path}/result`);
  if (action === 'logs') printLogs((await getResult(logsRequest.answer)).value, output, io);
  else if (action === 'probe') printProbe((await getResult(ProbeResult)).value, output, io);
  else io.stdout.write(json((await getResult(Type.Unknown())).value));
}

async function decide(
  io: Io,
  id: string,
  verb: 'approve' | 'deny',
  { output, yes }: Options & { readonly yes: boolean },
): Promise<void> {
  const api = apiFromEnvironment(io);
  const path = `approvals/${encodeURIComponent(id)}`;
  if (verb === 'approve') await confirmImpact(io, api, await api.ask(ApprovalResource, 'GET', path), yes);
  const approval = await api.ask(ApprovalResource, 'POST', `${path}/${verb}`);
  const { state, action, subject, outcome } = approval;
  if (output === 'json') io.stdout.write(json(approval));
  if (state === 'failed') {
    throw new CommandError(`${action} of ${subject} was approved but failed: ${outcome ?? 'unknown reason'}`);
  }
  if (output === 'json') return;
  const texts: Readonly<Record<string, string>> = {
    denied: 'is denied.',
    done: 'was approved and is done.',
    approved: `was approved and is still running. Check again: penstock-gateway approval show ${id}`,
  };
  io.stdout.write(`${action} of ${subject} ${texts[state] ?? `is ${state}.`}\n`);
}

/** Asks for confirmation as the approved command itself would. Throws CommandError. */
async function confirmImpact(
  io: Io,
  api: ApiClient,
  approval: ApprovalResource,
  yes: boolean,
): Promise<void> {
  const { state, action, subject } = approval;
  const [scope, name = ''] = subject.split(':', 2);
  if (state !== 'pending') return;
  if (action === 'drain' || action === 'restart') await confirmCapacity(io, api, name, 'Approve', yes);
  if (action !== 'pin') return;
  const { version } = approval.arguments as { readonly version?: number | null };
  const query = typeof version === 'number' ? `?version=${version}` : '';
  const preview = await api.ask(
    PinPreview,
    'GET',
    `pins/${scope}s/${encodeURIComponent(name)}/preview${query}`,
  );
  if (preview.quarantinedTotal === 0) return;
  await confirm(io, { consequence: impactText(preview), question: 'Approve it?', yes });
}

async function namesOf(
  api: ApiClient,
  approvals: readonly ApprovalResource[],
): Promise<(actor: string | undefined) => string | undefined> {
  const names = await actorNames(
    api,
    approvals.flatMap(({ requestedBy, decidedBy }) => [requestedBy, decidedBy]),
  );
  return (actor) => names.get(actor) ?? actor;
}

function colorOf(state: string, style: Style): (text: string) => string {
  if (state === 'done') return style.good;
  if (state === 'failed' || state === 'denied') return style.bad;
  return state === 'expired' ? style.faint : style.warning;
}
