/*
 * platen-zip as engines: what happens to a batch before and after its files are
 * converted.  No routes of the graph: the scheduler asks for them by name.
 * Prepares in the loop's thread and owns nothing.
 */

#include "engine/program.h"

static const platen_edge_t unpack[] = {
    { "zip", "files", 0, 0, 0, NULL, NULL },
};
static const platen_edge_t pack[] = {
    { "files", "zip", 0, 0, 0, NULL, NULL },
};

/* As in sidecar/zip/main.h. */
static const platen_program_rule_t rules[] = {
    { 0, NULL, PLATEN_EXIT_DONE },
    { 11, NULL, PLATEN_EXIT_CORRUPT },
    { 13, "File too large", PLATEN_EXIT_TOO_LARGE },
    { 13, NULL, PLATEN_EXIT_SETUP },
    { PLATEN_PROGRAM_ANY, NULL, PLATEN_EXIT_FAILED },
};

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

static platen_exit_t
exited(int code, const char *said)
{
    return platen_program_exit(rules, code, said);
}

const platen_engine_t platen_engine_unpack = {
    .name = "unpack",
    .edges = unpack,
    .nedges = 1,
    .prepare = prepare_unpack,
    .exited = exited,
};

const platen_engine_t platen_engine_pack = {
    .name = "pack",
    .edges = pack,
    .nedges = 1,
    .prepare = prepare_pack,
    .exited = exited,
};
