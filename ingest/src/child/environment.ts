/**
 * What a program that we start gets to see of the environment: no secret of ours, which a hole in one of its decoders could read. An ffmpeg that
 * needs more (`LD_LIBRARY_PATH`) is started by a script, which FFMPEG_PATH names.
 */
export const CHILD_ENVIRONMENT = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin",
  LC_ALL: "C",
  TZ: "UTC",
};
