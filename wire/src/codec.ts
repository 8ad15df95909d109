export { readRequestAnswer, readRequestArguments } from './agent-request-codec.ts';
export {
  agentMessageDecoder,
  compiledOnce,
  encodeLine,
  encodeMessage,
  gatewayMessageDecoder,
  MessageDecoder,
} from './control-codec.ts';
