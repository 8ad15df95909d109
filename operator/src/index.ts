export { completionNames } from './completion-names.ts';
export { operatorCommands } from './operator-commands.ts';
