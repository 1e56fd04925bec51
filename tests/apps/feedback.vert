#version 450
// cells.vert, whose vertices are also written to a buffer.
layout(location = 0) out vec3 shade;
layout(xfb_buffer = 0, xfb_stride = 16, xfb_offset = 0, location = 1) out vec4 written;

void main() {
  uint cell = gl_InstanceIndex % 64;
  vec2 corner = vec2(gl_VertexIndex % 3 == 1, gl_VertexIndex % 3 == 2);
  gl_Position = vec4((vec2(cell % 8, cell / 8) + corner * 0.9) / 4.0 - 1.0, float(cell) / 64.0, 1.0);
  shade = vec3(corner, 1.0);
  written = vec4(gl_Position.xyz, float(gl_VertexIndex));
}
