import { optionalGroup, quantity, word } from './field.ts';

/** What gateway.yaml says about the log of client connections. */
export const connectionLog = optionalGroup('The log of client connections; see docs/diagnostics.md.', {
  store: word(
    ['on', 'off'],
    '`on` keeps an entry of every client connection, in the data directory or, with `store.url`, in the database that all replicas share; `off` keeps none.',
    { default: 'on' },
  ),
  retention: quantity('duration', 'How long entries are kept after their connection has ended.', {
    default: '7d',
    min: '1m',
    max: '3650d',
  }),
  maxSize: quantity(
    'size',
    'Maximum size of the entries. The oldest are deleted first. With `store.url`, it holds for the entries of all replicas together.',
    {
      default: '1GiB',
      min: '16MiB',
      max: '1024GiB',
    },
  ),
  lines: word(
    ['all', 'failed', 'none'],
    'Connections that get a line `connection-closed` in the log of the process: `all`, those that did not end normally, or `none`.',
    { default: 'all' },
  ),
});
