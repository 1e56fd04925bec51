#version 450
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) readonly buffer Input { uint words[]; } source;
layout(std430, set = 0, binding = 1) writeonly buffer Output { uint words[]; } result;
layout(push_constant) uniform Push { uint round; } push;

void main() {
  uint i = gl_GlobalInvocationID.x;
  uint x = source.words[i % source.words.length()] * 2654435761u + i + push.round;
  x ^= x >> 15;
  x *= 2246822519u;
  result.words[i] = x ^ (x >> 13);
}
