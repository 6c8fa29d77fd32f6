/**
 * Decisions about the environment variables that Bun's runtime reads. Each `BUN_` name in a runtime stands in exactly one table
 * here, or the build stops. A new name goes into `DENIED_VARIABLES` unless we need it.
 *
 * To find out what a name does, search for it in https://github.com/oven-sh/bun.
 */

/** Variables that the executable must read, each with the reason. */
export const ALLOWED_VARIABLES: ReadonlyMap<string, string> = new Map([
  [
    'BUN_JSC_',
    'the prefix of JavaScriptCore options; ALLOWED_ENGINE_OPTIONS decides which of them the executable takes. The runtime compares ' +
      'the prefix in machine code, so it cannot be removed from the data',
  ],
])

/** JavaScriptCore options (`BUN_JSC_<name>`) that the executable takes, each with the reason. Every other option is denied. */
export const ALLOWED_ENGINE_OPTIONS: ReadonlyMap<string, string> = new Map([
  ['forceRAMSize', 'a number in the image: the memory that the garbage collector plans for'],
  ['largeHeapGrowthFactor', 'a number in the image: how far the heap grows between collections'],
  ['minEdenToOldGenerationRatio', 'a number in the image: how often only young objects are collected'],
  ['criticalGCMemoryThreshold', 'a number in the image: when the collector takes memory to be short'],
  ['useFTLJIT', 'a switch in the image: the slowest JavaScript compiler'],
  ['useOMGJIT', 'a switch in the image: the slowest WebAssembly compiler'],
])

/** Dangerous JavaScriptCore options. A runtime in which the build does not find their names is one that it cannot secure. */
export const REQUIRED_ENGINE_OPTIONS: readonly string[] = [
  // A file with other source code for functions.
  'functionOverrides',
  // A file with options, and the name of a file to write the engine's output to.
  'configFile',
  'dumpOptions',
  'useDollarVM',
]

/** Text that looks like a variable but is none, each with what it is. */
export const NOT_VARIABLES: ReadonlyMap<string, string> = new Map([
  ['BUN_1', 'the version of an ELF symbol, BUN_1.2'],
  ['BUN_DATA__', 'a property of the page that shows errors of a development server'],
  ['BUN_FFI_IMPORT', 'a macro in the C header for foreign functions'],
  ['BUN_FFI_POINTER_OFFSET_TO_ARGUMENTS_LIST', 'a macro in the C header for foreign functions'],
  ['BUN_H', 'machine code: the four bytes BUN_ and the first of the next instruction'],
  ['BUN_I', 'machine code: the four bytes BUN_ and the first of the next instruction'],
  ['BUN_INTERNALS_DO_NOT_USE_OR_YOU_WILL_BE_FIRED__', "a JavaScript symbol of the runtime's own modules"],
  ['BUN_PLUGIN_NAME', 'the symbol that a native plugin exports'],
  ['BUN_PUBLIC_', 'an example in the templates of bun init'],
  ['BUN_WORKER_MESSAGING_KEY', 'a JavaScript constant in node:worker_threads'],
  ['BUN_WORKER_PARENT_PORT_KEY', 'a JavaScript constant in node:worker_threads'],
  ['BUN_WORKER_STDIO_KEY', 'a JavaScript constant in node:worker_threads'],
])

/** The variable that a recording build keeps: it writes the order file for `--bytecode-order` to the path it holds. */
export const RECORDS_ORDER = 'BUN_BYTECODE_ORDER_OUT'

/** Denied variables that every runtime knows. A runtime without one of them has changed how it reads variables. */
export const REQUIRED_VARIABLES: readonly string[] = [
  'BUN_BE_BUN',
  'BUN_BYTECODE_DIGEST_OUT',
  RECORDS_ORDER,
  'BUN_INSPECT',
  'BUN_INSPECT_CONNECT_TO',
  'BUN_INSPECT_PRELOAD',
  'BUN_OPTIONS',
]

/**
 * Denied variables of other names: they crash the process, hold the server, write files, load data or code, or hand over a file
 * descriptor.
 */
export const DENIED_OTHER_VARIABLES: readonly string[] = [
  'C_INCLUDE_PATH',
  'ICU_DATA',
  'JSC_SIGNAL_FOR_GC',
  'LIBRARY_PATH',
  'LSQUIC_LOG_SECRETS',
  'NODE_CHANNEL_FD',
  'NODE_CHANNEL_SERIALIZATION_MODE',
  'NODE_COMPILE_CACHE',
  'NODE_DEBUG_NATIVE',
  'NODE_REDIRECT_WARNINGS',
  // A server that takes itself for a worker of a cluster waits for the primary, and does not even stop.
  'NODE_UNIQUE_ID',
  'SIMDUTF_FORCE_IMPLEMENTATION',
]

/** Variables that the executable must not read, because we use none of them. */
export const DENIED_VARIABLES: readonly string[] = [
  'BUN_AGENT_RULE_DISABLED',
  'BUN_ASSUME_PERFECT_INCREMENTAL',
  'BUN_AUTO_UPDATE',
  'BUN_BE_BUN',
  'BUN_BYTECODE_DIGEST_OUT',
  'BUN_BYTECODE_ORDER_NAMES_OUT',
  'BUN_BYTECODE_ORDER_OUT',
  'BUN_CANARY',
  'BUN_CHROME_PATH',
  'BUN_COMPILE_TARGET_TARBALL_URL',
  'BUN_CONFIG_DISABLE_COPY_FILE_RANGE',
  'BUN_CONFIG_DISABLE_ioctl_ficlonerange',
  'BUN_CONFIG_DNS_TIME_TO_LIVE_SECONDS',
  'BUN_CONFIG_HTTP_IDLE_TIMEOUT',
  'BUN_CONFIG_HTTP_RETRY_BACKOFF',
  'BUN_CONFIG_HTTP_RETRY_COUNT',
  'BUN_CONFIG_MAX_HTTP_REQUESTS',
  'BUN_CONFIG_NO_CLEAR_TERMINAL_ON_RELOAD',
  'BUN_CONFIG_NO_VERIFY',
  'BUN_CONFIG_REGISTRY',
  'BUN_CONFIG_SKIP_INSTALL_PACKAGES',
  'BUN_CONFIG_SKIP_LOAD_LOCKFILE',
  'BUN_CONFIG_SKIP_SAVE_LOCKFILE',
  'BUN_CONFIG_TOKEN',
  'BUN_CONFIG_VERBOSE_FETCH',
  'BUN_CONFIG_WS_CLOSE_TIMEOUT',
  'BUN_CONFIG_WS_HANDSHAKE_TIMEOUT',
  'BUN_CONFIG_YARN_LOCKFILE',
  'BUN_CRASH_REPORT_URL',
  'BUN_CREATE_DIR',
  'BUN_DEBUG_FORCE_NIX_HOST',
  'BUN_DEBUG_TEST_CHECK_PROGRESS_DELAY_MS',
  'BUN_DEBUG_lsquic',
  'BUN_DESTRUCT_VM_ON_EXIT',
  'BUN_DEV_SERVER_TEST_RUNNER',
  'BUN_DISABLE_DYNAMIC_CHUNK_SIZE',
  'BUN_DISABLE_KITTY_PROBE',
  'BUN_DISABLE_SLOW_FILESYSTEM_WARNING',
  'BUN_DISABLE_SLOW_LIFECYCLE_SCRIPT_LOGGING',
  'BUN_DISABLE_SOURCE_CODE_PREVIEW',
  'BUN_DISABLE_STOP_IF_NECESSARY_TIMER',
  'BUN_DISABLE_STORE_AST_HEAP',
  'BUN_DISABLE_TRANSPILED_SOURCE_CODE_PREVIEW',
  'BUN_DISABLE_TRANSPILER',
  'BUN_DRY_RUN',
  'BUN_ENABLE_CRASH_REPORTING',
  'BUN_ENABLE_EXPERIMENTAL_SHELL_BUILTINS',
  'BUN_ENV',
  'BUN_FEATURE_FLAG_DISABLE_ADDRCONFIG',
  'BUN_FEATURE_FLAG_DISABLE_ASYNC_TRANSPILER',
  'BUN_FEATURE_FLAG_DISABLE_DNS_CACHE',
  'BUN_FEATURE_FLAG_DISABLE_DNS_CACHE_LIBINFO',
  'BUN_FEATURE_FLAG_DISABLE_EPOLL_PWAIT2',
  'BUN_FEATURE_FLAG_DISABLE_FETCH_TLS_SESSION_CACHE',
  'BUN_FEATURE_FLAG_DISABLE_IGNORE_SCRIPTS',
  'BUN_FEATURE_FLAG_DISABLE_INSTALL_INDEX',
  'BUN_FEATURE_FLAG_DISABLE_IO_POOL',
  'BUN_FEATURE_FLAG_DISABLE_IPV4',
  'BUN_FEATURE_FLAG_DISABLE_IPV6',
  'BUN_FEATURE_FLAG_DISABLE_ISOLATION_SOURCE_CACHE',
  'BUN_FEATURE_FLAG_DISABLE_MEMFD',
  'BUN_FEATURE_FLAG_DISABLE_NATIVE_DEPENDENCY_LINKER',
  'BUN_FEATURE_FLAG_DISABLE_REDIS_AUTO_PIPELINING',
  'BUN_FEATURE_FLAG_DISABLE_RWF_NONBLOCK',
  'BUN_FEATURE_FLAG_DISABLE_SIMD_SOURCEMAP',
  'BUN_FEATURE_FLAG_DISABLE_SOURCE_MAPS',
  'BUN_FEATURE_FLAG_DISABLE_SPAWNSYNC_FAST_PATH',
  'BUN_FEATURE_FLAG_DISABLE_SQL_AUTO_PIPELINING',
  'BUN_FEATURE_FLAG_DISABLE_STANDALONE_MADVISE',
  'BUN_FEATURE_FLAG_DISABLE_STREAMING_INSTALL',
  'BUN_FEATURE_FLAG_DISABLE_UV_FS_COPYFILE',
  'BUN_FEATURE_FLAG_EXPERIMENTAL_BAKE',
  'BUN_FEATURE_FLAG_EXPERIMENTAL_HTTP2_CLIENT',
  'BUN_FEATURE_FLAG_EXPERIMENTAL_HTTP3_CLIENT',
  'BUN_FEATURE_FLAG_FORCE_IO_POOL',
  'BUN_FEATURE_FLAG_FORCE_WAITER_THREAD',
  'BUN_FEATURE_FLAG_FORCE_WINDOWS_JUNCTIONS',
  'BUN_FEATURE_FLAG_INTERNAL_FOR_TESTING',
  'BUN_FEATURE_FLAG_LAST_MODIFIED_PRETEND_304',
  'BUN_FEATURE_FLAG_NO_LIBDEFLATE',
  'BUN_FEATURE_FLAG_NO_ORPHANS',
  'BUN_FEATURE_FLAG_SYNTHETIC_MEMORY_LIMIT',
  'BUN_FEATURE_FLAG_VERBOSE_WARNINGS',
  'BUN_GARBAGE_COLLECTOR_LEVEL',
  'BUN_GC_RUNS_UNTIL_SKIP_RELEASE_ACCESS',
  'BUN_GC_TIMER_DISABLE',
  'BUN_GC_TIMER_INTERVAL',
  'BUN_IDLE_GC_SECONDS',
  'BUN_INOTIFY_COALESCE_INTERVAL',
  'BUN_INSPECT',
  'BUN_INSPECT_CONNECT_TO',
  'BUN_INSPECT_NOTIFY',
  'BUN_INSPECT_PRELOAD',
  'BUN_INSTALL',
  'BUN_INSTALL_BIN',
  'BUN_INSTALL_CACHE_DIR',
  'BUN_INSTALL_GLOBAL_DIR',
  'BUN_INSTALL_GLOBAL_STORE',
  'BUN_INSTALL_PROGRESS',
  'BUN_INSTALL_STREAMING_DRAIN_THRESHOLD',
  'BUN_INSTALL_STREAMING_MIN_SIZE',
  'BUN_INSTALL_VERBOSE',
  'BUN_INSTALL_WINDOWS_RENAME_RETRY_MS',
  'BUN_INSTRUMENTS',
  'BUN_INTERNAL_BAKE_RESTART',
  'BUN_INTERNAL_BUNX_HAS_COPY',
  'BUN_INTERNAL_BUNX_INSTALL',
  'BUN_INTERNAL_CHECK_SCRIPTS',
  'BUN_INTERNAL_INTERACTIVE_ASSUME_TTY',
  'BUN_INTERNAL_NAPI_FORCE_MUSL_CHECK',
  'BUN_INTERNAL_SCRIPTS_OF_COMMANDS',
  'BUN_INTERNAL_SUPPRESS_CRASH_IN_BUN_RUN',
  'BUN_INTERNAL_SUPPRESS_CRASH_ON_NAPI_ABORT',
  'BUN_INTERNAL_SUPPRESS_CRASH_ON_UV_STUB',
  'BUN_INTERNAL_TEST_CHANGED_TRIGGER_FILE',
  'BUN_INTERNAL_WEBVIEW_HOST',
  'BUN_JSC_useConcurrentJIT',
  'BUN_JSC_useWasm',
  'BUN_JSC_useWasmIPInt',
  'BUN_LINT_MEMORY',
  'BUN_MANIFEST_CACHE',
  'BUN_NO_CODESIGN_MACHO_BINARY',
  'BUN_OPTIONS',
  'BUN_PORT',
  'BUN_RUNTIME_TRANSPILER_CACHE_PATH',
  'BUN_SHOW_BUN_STACKFRAMES',
  'BUN_TCC_OPTIONS',
  'BUN_TEST_DRAIN_EVENT_LOOP',
  'BUN_TEST_PARALLEL_SCALE_MS',
  'BUN_TEST_WORKER_ID',
  'BUN_THREADPOOL_STATS',
  'BUN_TMPDIR',
  'BUN_TRACE',
  'BUN_WATCHER_CHILD',
  'BUN_WATCHER_TRACE',
  'BUN_WHICH_IGNORE_CWD',
]
