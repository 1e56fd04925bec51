#version 450
layout(local_size_x = 64) in;
layout(std140, set = 0, binding = 0) uniform Block { uvec4 values[4]; } block;
layout(std430, set = 0, binding = 1) writeonly buffer Output { uint words[]; } result;
layout(push_constant) uniform Push { uint at; uint round; } push;

void main() {
  uint i = gl_GlobalInvocationID.x;
  result.words[push.at + i] = block.values[i / 16][i % 4] * (i + 1) + push.round;
}
