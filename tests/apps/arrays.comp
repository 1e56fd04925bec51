#version 450
#extension GL_EXT_nonuniform_qualifier : require
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) writeonly buffer Output { uint words[]; } result;
layout(std430, set = 0, binding = 1) readonly buffer Input { uint words[]; } sources[];
layout(push_constant) uniform Push { uint at; uint count; } push;

// Which of the sources: every second one.
void main() {
  uint i = gl_GlobalInvocationID.x;
  result.words[push.at + i] = sources[nonuniformEXT(i * 2 % push.count)].words[i] + i;
}
