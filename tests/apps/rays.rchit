#version 460
#extension GL_EXT_ray_tracing : require
#extension GL_EXT_buffer_reference : require
// Each record of the table has the address of its shades.
layout(buffer_reference, std430) buffer Words { uint words[]; };
layout(shaderRecordEXT, std430) buffer Record { Words shades; } record;
layout(location = 0) rayPayloadInEXT uint found;

void main() { found = record.shades.words[gl_InstanceCustomIndexEXT]; }
