import { version } from "@pulumi/docker/package.json";
import type { Plugin } from "../lib/resource";
import { serve } from "../lib/server";
import { containerType } from "./container/container";
import { type Engine, checkConfig, connectEngine } from "./engine";
import { imageType } from "./image/image";
import { networkType } from "./network";
import { remoteImageType } from "./remote-image";
import { volumeType } from "./volume";

/** The docker plugin, for where the released one cannot be downloaded. */
export function dockerPlugin(): Plugin {
  let connected: Engine | undefined;
  const engine = (): Engine => {
    if (connected === undefined) throw new Error("the docker plugin has not been configured");
    return connected;
  };
  return {
    name: "docker",
    version,
    resources: {
      "docker:index/container:Container": containerType(engine),
      "docker:index/image:Image": imageType(engine),
      "docker:index/network:Network": networkType(engine),
      "docker:index/remoteImage:RemoteImage": remoteImageType(engine),
      "docker:index/volume:Volume": volumeType(engine),
    },
    checkConfig,
    async configure(config) {
      connected = await connectEngine(config);
    },
  };
}

if (require.main === module) void serve(dockerPlugin(), process.argv[2]);
