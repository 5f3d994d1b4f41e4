// A strategy in C: a greeting and the output of a program are the backup; a restore gives the output back as a file.

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bindings/program_module.h"

#define NAME "my_strategy"

// The host checks `strategy.config` with this before the module sees it; `sidecar module
// test` uses the examples.
static const char SCHEMA[] =
    "{\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"greeting\"],"
    " \"properties\": {\"greeting\": {\"type\": \"string\", \"minLength\": 1,"
    "  \"description\": \"What the artifact begins with.\"}},"
    " \"examples\": [{\"greeting\": \"Hello\"}]}";

// The program of a run, and how the plan names it: no shell reads its words.
static char PROGRAM[] = "argv:[\"date\",\"-u\"]";
static char *const ARGV[] = {"date", "-u"};
#define WORDS (sizeof ARGV / sizeof *ARGV)

// What the program printed, in a backup: a part can be fetched and restored alone.
#define PART "time"

typedef exports_sidecar_strategy_strategy_failure_t failure_t;

void exports_sidecar_strategy_strategy_describe(exports_sidecar_strategy_strategy_description_t *ret) {
  program_module_string_dup(&ret->name, NAME);
  program_module_string_dup(&ret->version, "0.1.0");
  program_module_string_dup(&ret->summary, "Writes a greeting and the time.");
  program_module_string_dup(&ret->config_schema, SCHEMA);
}

bool exports_sidecar_strategy_strategy_plan_run(
    program_module_string_t *config, exports_sidecar_strategy_strategy_plan_t *ret,
    exports_sidecar_strategy_strategy_list_failure_t *err) {
  memset(ret, 0, sizeof *ret);
  ret->commands.ptr = malloc(sizeof *ret->commands.ptr);
  ret->commands.len = 1;
  program_module_string_dup(ret->commands.ptr, PROGRAM);
  program_module_string_free(config);
  return true;
}

// The raw text of a key in the JSON: sufficient for a schema with one key of plain text.
static bool text_of(const program_module_string_t *json, const char *key, program_module_list_u8_t *text) {
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
  program_module_string_dup(&err->code, code);
  program_module_string_dup(&err->message, message);
  return false;
}

bool exports_sidecar_strategy_strategy_backup(exports_sidecar_strategy_strategy_run_t *run, failure_t *err) {
  program_module_list_u8_t greeting, line_feed = {(uint8_t *)"\n", 1};
  if (!text_of(&run->config, "\"greeting\":", &greeting))
    return fail(err, "config-invalid", "strategy.config has no greeting");
  if (!sidecar_strategy_artifact_write(&greeting, err)) return false;
  if (!sidecar_strategy_artifact_write(&line_feed, err)) return false;

  program_module_string_t part, words[WORDS];
  program_module_string_set(&part, PART);
  for (size_t word = 0; word < WORDS; word++) program_module_string_set(&words[word], ARGV[word]);
  sidecar_strategy_programs_program_t program = {.argv = {words, WORDS}};
  sidecar_strategy_programs_finished_t finished;
  if (!sidecar_strategy_artifact_begin_part(&part, err)) return false;
  // A failed program fails the run: the returned failure says why.
  if (!sidecar_strategy_programs_run_into_artifact(&program, &finished, err)) return false;
  return sidecar_strategy_artifact_end_part(err);
}

typedef exports_sidecar_strategy_restore_request_t request_t;

// The part of a backup; none if it was not chosen, or the backup is yet to be made.
static const exports_sidecar_strategy_restore_part_t *part_of(const request_t *request) {
  for (size_t only = 0; only < request->only.len; only++) {
    const program_module_string_t *name = &request->only.ptr[only].name;
    if (name->len != strlen(PART) || memcmp(name->ptr, PART, name->len) != 0) return NULL;
  }
  for (size_t at = 0; at < request->parts.len; at++) {
    const program_module_string_t *name = &request->parts.ptr[at].name;
    if (name->len == strlen(PART) && memcmp(name->ptr, PART, name->len) == 0) return &request->parts.ptr[at];
  }
  return NULL;
}

bool exports_sidecar_strategy_restore_plan_restore(
    request_t *request, exports_sidecar_strategy_restore_plan_t *ret,
    exports_sidecar_strategy_restore_list_failure_t *err) {
  memset(ret, 0, sizeof *ret);
  bool of_any_backup = request->size == 0 && request->parts.len == 0;
  const char *wrong = NULL;
  if (!request->into.is_some || request->into.val.len == 0 || request->into.val.ptr[0] != '/') wrong = "the backup is restored into a directory: --into DIR";
  else if (!of_any_backup && part_of(request) == NULL) wrong = "the backup has no such part: its only one is " PART;
  if (wrong != NULL) {
    err->ptr = malloc(sizeof *err->ptr);
    err->len = 1;
    return fail(err->ptr, "cannot-restore", wrong);
  }
  ret->directory.is_some = true;
  program_module_string_dup_n(&ret->directory.val, (const char *)request->into.val.ptr, request->into.val.len);
  if (of_any_backup) return true;
  ret->parts.ptr = malloc(sizeof *ret->parts.ptr);
  ret->parts.len = 1;
  program_module_string_dup(ret->parts.ptr, PART);
  ret->steps.ptr = malloc(sizeof *ret->steps.ptr);
  ret->steps.len = 1;
  program_module_string_dup(ret->steps.ptr, "writes the file " PART);
  return true;
}

bool exports_sidecar_strategy_restore_restore(
    program_module_string_t *id, request_t *request,
    exports_sidecar_strategy_restore_list_outcome_t *ret, failure_t *err) {
  const exports_sidecar_strategy_restore_part_t *part = part_of(request);
  if (part == NULL) return fail(err, "no-such-part", "the backup has no part " PART);
  const program_module_string_t *as = request->only.len == 1 && request->only.ptr[0].new_name.is_some
      ? &request->only.ptr[0].new_name.val : &part->name;
  // The bytes never enter the module.
  sidecar_strategy_target_content_t content = {
      .offset = part->offset, .length = part->length, .size = part->length};
  program_module_string_set(&content.method, "stored");
  sidecar_strategy_target_node_t node = {.name = {as->ptr, as->len}, .mode = 0640, .mtime_seconds = time(NULL)};
  ret->ptr = calloc(1, sizeof *ret->ptr);
  ret->len = 1;
  program_module_string_dup(&ret->ptr->name, PART);
  program_module_string_dup(&ret->ptr->note, "as a file");
  ret->ptr->failure.is_some = !sidecar_strategy_target_make_file(&node, &content, &ret->ptr->failure.val);
  return true;
}

// The bindings require this symbol: the types come from wit/ instead, see `build`.
void __component_type_object_force_link_program_module(void) {}
