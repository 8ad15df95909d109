/** Whether a value is only `${env:NAME}` or `${file:/path}`, which locates a secret without revealing it. */
export const isBareReference = (value: unknown) =>
  typeof value === 'string' && /^\$\{(?:env:\w{1,256}|file:[^}\s]{1,1024})\}$/.test(value);
