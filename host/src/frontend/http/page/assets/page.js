// What the page does beyond links and forms, all of which work without it.
import { watch } from "./live.js";
import { showLocalTimes } from "./time.js";
import { listen } from "./controls.js";
import { followLog } from "./log.js";

showLocalTimes(document);
listen();
watch();
followLog();
