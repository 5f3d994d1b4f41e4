// A strategy in C: the output of a command is the backup.

#include <stdlib.h>
#include <string.h>

#include "bindings/module.h"

#define NAME "my_strategy"

// The host checks `strategy.config` with this before the module sees it; the examples are what
// `sidecar module test` tries.
static const char SCHEMA[] =
    "{\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"greeting\"],"
    " \"properties\": {\"greeting\": {\"type\": \"string\", \"minLength\": 1,"
    "  \"description\": \"What the artifact begins with.\"}},"
    " \"examples\": [{\"greeting\": \"Hello\"}]}";

// Every line that a run may need stands in its plan.
static char COMMAND[] = "date -u";

typedef exports_sidecar_strategy_strategy_failure_t failure_t;

void exports_sidecar_strategy_strategy_describe(exports_sidecar_strategy_strategy_description_t *ret) {
  module_string_dup(&ret->name, NAME);
  module_string_dup(&ret->version, "0.1.0");
  module_string_dup(&ret->summary, "Writes a greeting and the time.");
  module_string_dup(&ret->config_schema, SCHEMA);
}

bool exports_sidecar_strategy_strategy_plan_run(
    module_string_t *config, exports_sidecar_strategy_strategy_plan_t *ret,
    exports_sidecar_strategy_strategy_list_failure_t *err) {
  memset(ret, 0, sizeof *ret);
  ret->commands.ptr = malloc(sizeof *ret->commands.ptr);
  ret->commands.len = 1;
  module_string_dup(ret->commands.ptr, COMMAND);
  module_string_free(config);
  return true;
}

// The text of a key, as it stands in the JSON: enough for a schema with one key of plain text.
static bool text_of(const module_string_t *json, const char *key, module_list_u8_t *text) {
  const char *at = memmem(json->ptr, json->len, key, strlen(key));
  const char *end = (const char *)json->ptr + json->len;
  if (at == NULL) return false;
  at = memchr(at + strlen(key), '"', end - at - strlen(key));
  if (at == NULL) return false;
  const char *close = memchr(at + 1, '"', end - at - 1);
  if (close == NULL) return false;
  text->ptr = (uint8_t *)at + 1;
  text->len = close - at - 1;
  return true;
}

static bool fail(failure_t *err, const char *code, const char *message) {
  memset(err, 0, sizeof *err);
  module_string_dup(&err->code, code);
  module_string_dup(&err->message, message);
  return false;
}

bool exports_sidecar_strategy_strategy_backup(exports_sidecar_strategy_strategy_run_t *run, failure_t *err) {
  module_list_u8_t greeting, line_feed = {(uint8_t *)"\n", 1};
  if (!text_of(&run->config, "\"greeting\":", &greeting))
    return fail(err, "config-invalid", "strategy.config has no greeting");
  if (!sidecar_strategy_artifact_write(&greeting, err)) return false;
  if (!sidecar_strategy_artifact_write(&line_feed, err)) return false;

  sidecar_strategy_commands_command_t command = {0};
  sidecar_strategy_commands_finished_t finished;
  module_string_set(&command.line, COMMAND);
  // A command that fails fails the run: what is returned here says why.
  return sidecar_strategy_commands_run_into_artifact(&command, &finished, err);
}

// What the bindings want to be linked: the types come from wit/ instead, see `build`.
void __component_type_object_force_link_module(void) {}
