import type { Check } from './check.ts';
import { runTool } from './tool.ts';

export const styleCheck: Check = {
  name: 'style',
  promise: 'Biome reports no lint or format problems (npm run format fixes most)',
  run: (root) => runTool(root, 'biome', ['check', '--colors=off', '--error-on-warnings', '.']),
};
