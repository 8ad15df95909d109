import { type FieldResult, refused } from './field-result.ts';

/** Whether a path begins with `~` or `~NAME`, which shells replace, but no program that reads a file does. */
export const isHomePath = (text: string): boolean => /^~[\w.-]*(?:[\\/]|$)/.test(text);

export const refusedHomePath = (): FieldResult<never> =>
  refused(
    'REFERENCE_SYNTAX',
    'begins with ~, which only a shell replaces',
    'Write the whole path, or ${env:HOME} instead of ~.',
  );
