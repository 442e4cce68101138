// RUN: fp8attn-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(func.func(fp8attn-select-kernels))'

// A cache has a size.
// expected-error@below {{expects L2_cache_size_in_bytes of dlti.target_system_spec to be an integer greater than 0, got 0 : i64}}
module attributes {dlti.target_system_spec = #dlti.target_system_spec<
    "CPU" = #dlti.target_device_spec<"L2_cache_size_in_bytes" = 0 : i64>>} {
  func.func @f() { return }
}

// -----

// Cores are counted.
// expected-error@below {{expects num_cores of dlti.target_system_spec to be an integer greater than 0, got 2.500000e+00 : f64}}
module attributes {dlti.target_system_spec = #dlti.target_system_spec<
    "CPU" = #dlti.target_device_spec<"num_cores" = 2.5 : f64>>} {
  func.func @f() { return }
}

// -----

// NaN is no rate.
// expected-error@below {{expects memory_bytes_per_cycle of dlti.target_system_spec to be a number greater than 0, got 0x7FC00000 : f32}}
module attributes {dlti.target_system_spec = #dlti.target_system_spec<
    "CPU" = #dlti.target_device_spec<"memory_bytes_per_cycle" = 0x7FC00000 : f32>>} {
  func.func @f() { return }
}

// -----

// A word is none either.
// expected-error@below {{expects memory_bytes_per_cycle of dlti.target_system_spec to be a number greater than 0, got "fast"}}
module attributes {dlti.target_system_spec = #dlti.target_system_spec<
    "CPU" = #dlti.target_device_spec<"memory_bytes_per_cycle" = "fast">>} {
  func.func @f() { return }
}

// -----

// Figures of other devices, and others of the CPU, are not read.
module attributes {dlti.target_system_spec = #dlti.target_system_spec<
    "CPU" = #dlti.target_device_spec<"max_vector_op_width" = 0 : i64>,
    "GPU" = #dlti.target_device_spec<"L2_cache_size_in_bytes" = 0 : i64>>} {
  func.func @f() { return }
}
