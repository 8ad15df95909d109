import { REDACTED } from './known-secrets.ts';
import type { Redaction } from './rule.ts';

/** Keys that their issuers gave a recognizable form. */
const SHAPES: readonly RegExp[] = [
  // AWS, Google, Azure, DigitalOcean, Databricks.
  /\b(?:AKIA|ASIA|AROA|AIDA|AGPA|ANPA|ANVA|AIPA|ABIA|ACCA)[A-Z0-9]{16}\b/g,
  /\bAIza[\w-]{30,64}/g,
  /\b(?:ya29|1\/\/0)\.?[\w-]{20,512}/g,
  /\bGOCSPX-[\w-]{20,64}/g,
  /\bdo[opr]_v1_[0-9a-f]{32,128}/g,
  /\bdapi[0-9a-f]{32}\b/g,
  // GitHub, GitLab, npm, PyPI, Docker.
  /\bgh[oprsu]_[A-Za-z0-9]{16,255}/g,
  /\bgithub_pat_\w{20,255}/g,
  /\bgl(?:pat|dt|rt|ptt|cbt|soat|ft|agent|imt|ffct)-[\w.-]{16,255}/g,
  /\bnpm_[A-Za-z0-9]{30,64}/g,
  /\bpypi-[\w-]{16,512}/g,
  /\bdckr_(?:pat|oat)_[\w-]{16,64}/g,
  // Slack, Stripe, SendGrid, Twilio, OpenAI and others with `sk-`, Vault, Shopify, age.
  /\bxox[a-z]{1,2}-[\w-]{8,512}/g,
  /\bxapp-[\w-]{8,512}/g,
  /\b(?:sk|rk|pk|whsec)_(?:live|test)_[A-Za-z0-9]{10,255}/g,
  /\bwhsec_[A-Za-z0-9+/=]{16,255}/g,
  /\bSG\.[\w-]{16,64}\.[\w-]{16,128}/g,
  /\bSK[0-9a-f]{32}\b/g,
  /\bsk-[\w-]{20,255}/g,
  /\bhv[bsr]\.[\w-]{20,512}/g,
  /\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}/g,
  /\bAGE-SECRET-KEY-1[0-9A-Z]{20,100}/g,
];

/** Webhooks whose path is the credential. */
const WEBHOOKS =
  /(\b(?:hooks\.slack\.com\/(?:services|workflows|triggers)|discord(?:app)?\.com\/api\/webhooks|[\w.-]{1,100}\.webhook\.office\.com)\/)[^\s"'<>]{1,1024}/g;

export const redactKeyShapes: Redaction = (text) =>
  SHAPES.reduce((result, shape) => result.replace(shape, REDACTED), text).replace(WEBHOOKS, `$1${REDACTED}`);
