// Static files for any origin: relative addresses inside, nothing from other hosts, and a heavy part (video, map) only
// when its page asks for it.
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  base: './',
  plugins: [react()],
  build: {
    target: 'es2023',
    // A page that is served by anyone should be easy to read: the sources are public anyway.
    sourcemap: true,
    // The world map is data, asked for by the Network page alone.
    chunkSizeWarningLimit: 600,
  },
})
