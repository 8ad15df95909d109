import type { Check } from './check.ts';
import { runTool } from './tool.ts';

export const typesCheck: Check = {
  name: 'types',
  promise: 'the TypeScript compiler reports no errors',
  run: (root) => runTool(root, 'tsc', ['--project', '.', '--pretty', 'false']),
};
