import { Elysia } from "elysia";
import { ProblemSchema } from "../error.ts";
import type { Services } from "../services.ts";
import { ClientConfigurationBody, ClientConfigurationSchema } from "./model.ts";
import { obsService } from "./service.ts";

export function obsRoutes(services: Services) {
  const obs = obsService(services);
  return new Elysia({ name: "obs", prefix: "/api/obs", tags: ["Channels"] }).post(
    "/client-configuration",
    ({ body, request }) => obs.configure(body, request),
    {
      body: ClientConfigurationBody,
      response: { 200: ClientConfigurationSchema, 422: ProblemSchema, 429: ProblemSchema },
      detail: {
        summary: "What OBS Studio's Enhanced Broadcasting should send (GetClientConfiguration)",
        description: "The stream key says who asks. Refusals that OBS shows stand in `status`, with HTTP 200.",
        operationId: "obsClientConfiguration",
      },
    },
  );
}
