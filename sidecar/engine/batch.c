/*
 * platen-zip as engines: what happens to a batch before and after its files are
 * converted, and to pages that a last step has left.  No routes of the graph: the
 * scheduler and the pool ask for them by name.
 * Prepares in the loop's thread and owns nothing.
 */

#include "engine/exit_code.h"
#include "engine/program.h"

static const platen_edge_t unpack[] = {
    { "zip", "files", 0, 0, 0, NULL, NULL },
};
static const platen_edge_t pack[] = {
    { "files", "zip", 0, 0, 0, NULL, NULL },
};

static const platen_program_rule_t rules[] = {
    { 0, NULL, PLATEN_EXIT_DONE },
    { PLATEN_ZIP_EXIT_CORRUPT, NULL, PLATEN_EXIT_CORRUPT },
    { PLATEN_ZIP_EXIT_CANNOT_WRITE, "File too large", PLATEN_EXIT_TOO_LARGE },
    { PLATEN_ZIP_EXIT_CANNOT_WRITE, NULL, PLATEN_EXIT_SETUP },
    { PLATEN_PROGRAM_ANY, NULL, PLATEN_EXIT_FAILED },
};

/* Whatever keeps pages from being packed, they are not there. */
static const platen_program_rule_t pages_rules[] = {
    { 0, NULL, PLATEN_EXIT_DONE },
    { PLATEN_PROGRAM_ANY, NULL, PLATEN_EXIT_FAILED },
};

static int
prepare_pages(const platen_engine_t *engine, const platen_config_t *config,
              const platen_run_t *run, platen_command_t *command)
{
    (void) engine;
    platen_command_arg(command, "%s/platen-zip", config->libexec_path);
    platen_command_arg(command, "%s", run->output);
    platen_command_arg(command, "%s", run->files_dir);
    if (run->name != NULL) {
        platen_command_env(command, "PLATEN_NAME=%s", run->name);
    }
    return 0;
}

static int
prepare_unpack(const platen_engine_t *engine, const platen_config_t *config,
               const platen_run_t *run, platen_command_t *command)
{
    (void) engine;
    platen_command_arg(command, "%s/platen-zip", config->libexec_path);
    platen_command_arg(command, "--unpack");
    platen_command_arg(command, "%s", platen_program_local(run, run->input));
    platen_command_arg(command, "%s", platen_program_local(run, run->output_dir));
    return 0;
}

static int
prepare_pack(const platen_engine_t *engine, const platen_config_t *config,
             const platen_run_t *run, platen_command_t *command)
{
    (void) engine;
    platen_command_arg(command, "%s/platen-zip", config->libexec_path);
    platen_command_arg(command, "--batch");
    platen_command_arg(command, "%s", platen_program_local(run, run->output));
    platen_command_arg(command, "%s", run->files_dir);
    platen_command_allow(command, PLATEN_SANDBOX_R, "%s", run->files_dir);
    return 0;
}

const platen_engine_t platen_engine_pages = {
    .name = "zip",
    .prepare = prepare_pages,
    .rules = pages_rules,
};

const platen_engine_t platen_engine_unpack = {
    .name = "unpack",
    .edges = unpack,
    .nedges = 1,
    .prepare = prepare_unpack,
    .rules = rules,
};

const platen_engine_t platen_engine_pack = {
    .name = "pack",
    .edges = pack,
    .nedges = 1,
    .prepare = prepare_pack,
    .rules = rules,
};
