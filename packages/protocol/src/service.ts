import { AdaptationService } from './gen/renorm/v1/adaptation_pb.js';

/**
 * The service as data: `method.announce`, `method.upload`, `method.watch`, each with its message schemas and kind.
 * A transport is made from it.
 */
export const adaptationService = AdaptationService;
