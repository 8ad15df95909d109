export { readRequestAnswer, readRequestArguments } from './agent-request-codec.ts';
export {
  agentMessageDecoder,
  encodeMessage,
  gatewayMessageDecoder,
  type MessageDecoder,
} from './control-codec.ts';
